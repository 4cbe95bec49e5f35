/** `CrossServer`: whether what a tool is given was read from another server before. */
import type { Prints } from "./fingerprint.ts";
import { KEPT_MS } from "./shared-prints.ts";
import type { Reading, SessionPrints } from "./session-prints.ts";

export interface Flow {
  /** Where it was read. */
  server: string;
  tool: string;
  /** Of the newest of them, in milliseconds before the call. */
  age_ms: number;
  passages: number;
  identifiers: number;
}

/** A title or a question that somebody repeats has fewer passages; one thing that stands for itself is no chance. */
const ENOUGH_PASSAGES = 3;
const ENOUGH_IDENTIFIERS = 1;

/**
 * @param prints of each text that the tool was given
 * @param at when it was, in milliseconds since 1970
 * @returns where it came from, one for each tool
 */
export function findFlows(server: string, prints: Prints, at: number, sessions: readonly SessionPrints[]): Flow[] {
  const flows = new Map<string, Flow>();
  for (const print of new Set([...prints.passages, ...prints.identifiers])) {
    const origin = originOf(print, server, at, sessions);
    if (origin === undefined) continue;
    const { reading, session } = origin;
    const key = JSON.stringify([session.server, reading.tool]);
    const flow = flows.get(key) ?? {
      server: session.server,
      tool: reading.tool,
      age_ms: Infinity,
      passages: 0,
      identifiers: 0,
    };
    flow[reading.isIdentifier ? "identifiers" : "passages"]++;
    flow.age_ms = Math.min(flow.age_ms, at - Math.min(reading.last, at));
    flows.set(key, flow);
  }
  return [...flows.values()].filter(
    ({ passages, identifiers }) => identifiers >= ENOUGH_IDENTIFIERS || passages >= ENOUGH_PASSAGES,
  );
}

/** The first server that gave it, unless this one has had it before, or somebody had said it before it was read. */
function originOf(
  print: number,
  server: string,
  at: number,
  sessions: readonly SessionPrints[],
): { reading: Reading; session: SessionPrints } | undefined {
  let origin: { reading: Reading; session: SessionPrints } | undefined;
  for (const session of sessions) {
    const reading = session.read(print);
    if (reading === undefined || reading.at > at || at - reading.last > KEPT_MS) continue;
    if (session.server === server) return undefined;
    if (origin === undefined || reading.at < origin.reading.at) origin = { reading, session };
  }
  if (origin === undefined) return undefined;
  const { at: readAt } = origin.reading;
  return sessions.some((session) => (session.said(print) ?? Infinity) < readAt) ? undefined : origin;
}
