/** `useFindings`: what was found on this machine, and of which events it is. */
import { useMemo } from "preact/hooks";
import { SEVERITIES, type Severity } from "../../guard/findings/finding.ts";
import type { LogEntry } from "../../stream/entry.ts";
import type { FindingList, Findings, ShownFinding } from "../findings-form.ts";
import { get } from "./api.ts";
import { useWatched } from "./use-watched.ts";

const EVERY_MS = 5000;

export interface KnownFindings {
  /** Undefined until it is known. */
  list: FindingList | undefined;
  /** How many nobody has accepted. */
  open: number;
  byEvent: FindingsByEvent;
  /** Why there is nothing newer. */
  fault: string | undefined;
  /** Looks at once. */
  refresh(): void;
}

/** By `<session>/<seq>`. */
export type FindingsByEvent = ReadonlyMap<string, readonly ShownFinding[]>;

/** @param isThere whether anything can be found */
export function useFindings(isThere: boolean): KnownFindings {
  const load = useMemo(() => (isThere ? changesOnly() : undefined), [isThere]);
  const { value: list, fault, refresh } = useWatched(load, EVERY_MS);
  const findings = list?.findings;
  const byEvent = useMemo(() => eventsOf(findings ?? []), [findings]);
  const open = useMemo(() => (findings ?? []).filter(isOpen).length, [findings]);
  return { list, open, byEvent, fault, refresh };
}

export function isOpen({ accepted }: ShownFinding): boolean {
  return accepted === undefined;
}

/** Those of the call, or of what else it is, the worst first. */
export function findingsOf({ session_id, seq, events }: LogEntry, byEvent: FindingsByEvent): ShownFinding[] {
  if (byEvent.size === 0) return [];
  const seqs = new Set([seq, ...events.map((event) => event.seq)]);
  const found = [...seqs].flatMap((one) => byEvent.get(`${session_id}/${one}`) ?? []);
  return [...new Set(found)].sort((a, b) => badness(a.severity) - badness(b.severity));
}

/** 0 for the worst. */
export function badness(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** What is known already is not sent again. */
function changesOnly(): (signal: AbortSignal) => Promise<FindingList> {
  let known: Findings = { version: "" };
  return async (signal) => {
    const answer = await get("findings", { known: known.version }, signal);
    if (answer.list !== undefined) known = answer;
    return known.list ?? { findings: [], isCut: false };
  };
}

function eventsOf(findings: readonly ShownFinding[]): FindingsByEvent {
  const byEvent = new Map<string, ShownFinding[]>();
  for (const finding of findings) {
    for (const { session_id, seq } of finding.found) {
      if (seq === undefined) continue;
      const event = `${session_id}/${seq}`;
      byEvent.set(event, [...(byEvent.get(event) ?? []), finding]);
    }
  }
  return byEvent;
}
