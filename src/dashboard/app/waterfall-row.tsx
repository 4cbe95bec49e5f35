/** `WaterfallRow`: a call, and where it lies in the time that is shown. */
import type { Row } from "./book.ts";
import { type Range, roundsOf } from "./rounds.ts";
import type { Sessions } from "./sessions.ts";
import { FindingMark } from "./severity.tsx";
import { SIGNS, stateOf, titleOf } from "./state.ts";
import { duration } from "./text.ts";
import { beginOf, endOf } from "./time-range.ts";
import { type FindingsByEvent, findingsOf } from "./use-findings.ts";
import type { RowPlace } from "./virtual-rows.tsx";

interface Props {
  row: Row;
  place: RowPlace;
  range: Range;
  isSelected: boolean;
  sessions: Sessions;
  findings: FindingsByEvent;
  select(row: Row): void;
}

export function WaterfallRow({ row, place, range, isSelected, sessions, findings, select }: Props) {
  const { entry } = row;
  const state = stateOf(entry, sessions);
  const { name, target } = titleOf(entry);
  const along = ({ from, to }: Range): { left: string; width: string } => {
    const width = range.to - range.from || 1;
    const left = Math.max(0, (from - range.from) / width);
    return { left: `${100 * left}%`, width: `${100 * Math.max(0, Math.min(1, (to - range.from) / width) - left)}%` };
  };
  const isWaiting = state === "pending" || state === "unanswered";
  const whole = { from: beginOf(row), to: isWaiting ? range.to : endOf(row) };
  const rounds = roundsOf(entry.events, whole);
  return (
    <div
      class={`row ${state}${isSelected ? " selected" : ""}`}
      role="row"
      id={place.id}
      aria-rowindex={place.index + 2}
      aria-selected={isSelected}
      style={{ transform: `translateY(${place.top}px)` }}
      onClick={() => select(row)}
    >
      <span role="gridcell" class="call">
        <span class="sign" role="img" aria-label={state}>
          {SIGNS[state]}
        </span>
        <FindingMark findings={findingsOf(entry, findings)} />
        {target === "" ? <span class="method">{name}</span> : <span class="target">{target}</span>}
        {target === "" ? null : <span class="quiet">{name}</span>}
        {entry.direction === "response" ? <span class="tag">server asks</span> : null}
        {entry.rounds > 1 ? <span class="tag">{entry.rounds} rounds</span> : null}
      </span>
      <span role="gridcell" class="lane">
        <i class={rounds.length > 1 ? "whole waits" : "whole"} style={along(whole)} />
        {rounds.length > 1 ? rounds.map((one, index) => <i key={index} class="round" style={along(one)} />) : null}
      </span>
      <span role="gridcell" class="number">
        {entry.duration_ms === undefined ? "" : duration(entry.duration_ms)}
      </span>
    </div>
  );
}
