/** `EntryFindings`: what was found in the messages of a call, also what was accepted: who looks at it wants to know. */
import { useMemo } from "preact/hooks";
import type { LogEntry } from "../../stream/entry.ts";
import type { Place } from "../findings-form.ts";
import { FindingItem } from "./finding-item.tsx";
import { number } from "./text.ts";
import { findingsOf, type KnownFindings } from "./use-findings.ts";

interface Props {
  entry: LogEntry;
  known: KnownFindings;
  say(text: string): void;
}

/** A listing of many tools may have something about each. */
const MOST_SHOWN = 100;

export function EntryFindings({ entry, known: { byEvent, refresh }, say }: Props) {
  const found = useMemo(() => findingsOf(entry, byEvent), [entry, byEvent]);
  if (found.length === 0) return null;
  const isHere = ({ session_id, seq }: Place): boolean =>
    session_id === entry.session_id && (seq === entry.seq || entry.events.some((event) => event.seq === seq));
  return (
    <ul class="found" aria-label="Findings">
      {found.slice(0, MOST_SHOWN).flatMap((finding) => {
        const at = finding.found.find(isHere);
        return at === undefined
          ? []
          : [
              <li key={finding.key}>
                <FindingItem finding={finding} at={at} refresh={refresh} say={say} />
              </li>,
            ];
      })}
      {found.length > MOST_SHOWN ? (
        <li class="note quiet">{number(found.length - MOST_SHOWN)} more are among the findings of the session</li>
      ) : null}
    </ul>
  );
}
