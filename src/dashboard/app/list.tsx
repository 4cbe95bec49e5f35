/** `CallList`: the entries, one row each, the newest above. */
import { useEffect, useState } from "preact/hooks";
import type { Row } from "./book.ts";
import type { Sessions } from "./sessions.ts";
import { FindingMark } from "./severity.tsx";
import { SIGNS, stateOf, titleOf } from "./state.ts";
import { bytes, clock, dayOf, duration } from "./text.ts";
import { type FindingsByEvent, findingsOf } from "./use-findings.ts";
import { type RowPlace, VirtualRows } from "./virtual-rows.tsx";

interface Props {
  rows: readonly Row[];
  selected: string | undefined;
  sessions: Sessions;
  findings: FindingsByEvent;
  /** Whether the rows are of several sessions. */
  showsServer: boolean;
  isNarrow: boolean;
  select(row: Row): void;
  more(): void;
}

const COLUMNS = ["Time", "State", "Call", "Server", "Duration", "Size"];

export function CallList({ rows, selected, sessions, findings, showsServer, isNarrow, select, more }: Props) {
  const now = useNow(250);
  const at = selected === undefined ? -1 : rows.findIndex(({ key }) => key === selected);
  const columns = COLUMNS.filter((name) => showsServer || name !== "Server");
  return (
    <VirtualRows
      class={showsServer ? "grid with-server" : "grid"}
      id="calls"
      label="Calls"
      head={
        <div class="row head" role="row" aria-rowindex={1}>
          {columns.map((name) => (
            <span role="columnheader" key={name} class={name === "Duration" || name === "Size" ? "number" : undefined}>
              {name === "State" ? <span class="unseen">State</span> : name}
            </span>
          ))}
        </div>
      }
      rows={rows}
      rowHeight={isNarrow ? 52 : 28}
      current={at}
      onEnd={more}
    >
      {(row, place, slot) => (
        <CallRow
          key={slot}
          row={row}
          place={place}
          now={now}
          isSelected={place.index === at}
          sessions={sessions}
          findings={findings}
          showsServer={showsServer}
          select={select}
        />
      )}
    </VirtualRows>
  );
}

interface RowProps extends Pick<Props, "sessions" | "findings" | "showsServer" | "select"> {
  row: Row;
  place: RowPlace;
  now: number;
  isSelected: boolean;
}

function CallRow({ row, place, now, isSelected, sessions, findings, showsServer, select }: RowProps) {
  const { entry } = row;
  const state = stateOf(entry, sessions);
  const { name, target } = titleOf(entry);
  const isOpen = state === "pending" && entry.kind === "call";
  const elapsed = isOpen ? Math.max(0, now - Date.parse(entry.timestamp)) : entry.duration_ms;
  const masked = entry.events.some((event) => (event.redacted ?? 0) > 0);
  const day = dayOf(entry.timestamp, now);
  return (
    <div
      class={`row ${state} of-${entry.kind}${isSelected ? " selected" : ""}`}
      role="row"
      id={place.id}
      aria-rowindex={place.index + 2}
      aria-selected={isSelected}
      style={{ transform: `translateY(${place.top}px)` }}
      onClick={() => select(row)}
    >
      <span role="gridcell" class="time" title={entry.timestamp}>
        {day === "" ? null : <span class="day">{day} </span>}
        {clock(entry.timestamp)}
      </span>
      <span role="gridcell" class="sign" aria-label={state}>
        {entry.kind === "call" || state === "error" ? SIGNS[state] : "·"}
      </span>
      <span role="gridcell" class="call">
        <FindingMark findings={findingsOf(entry, findings)} />
        {entry.direction === "response" && entry.kind === "call" ? (
          <span class="tag" title="The server asks the client">
            server asks
          </span>
        ) : null}
        <span class={target === "" ? "method" : "method quiet"}>{name}</span>
        {target === "" ? null : <span class="target">{target}</span>}
        {entry.rounds > 1 ? <span class="tag">{entry.rounds} rounds</span> : null}
        {masked ? (
          <span class="tag" title="Secrets in it are masked">
            masked
          </span>
        ) : null}
        {state === "error" ? <span class="why">{entry.error_message ?? entry.error_type ?? ""}</span> : null}
      </span>
      {showsServer ? (
        <span role="gridcell" class="server">
          {sessions.nameOf(entry.session_id)}
        </span>
      ) : null}
      <span
        role="gridcell"
        class="number took"
        style={{ backgroundSize: elapsed === undefined ? "0" : `${barWidth(elapsed)}% 2px` }}
      >
        {elapsed === undefined ? "" : duration(isOpen ? Math.floor(elapsed / 100) * 100 : elapsed)}
      </span>
      <span role="gridcell" class="number size">
        {entry.bytes === 0 ? "" : bytes(entry.bytes)}
      </span>
    </div>
  );
}

/** Ten milliseconds are nothing, a minute everything, and every factor in between as wide as the next. */
function barWidth(ms: number): number {
  return Math.min(100, (100 * Math.log10(Math.max(1, ms / 10))) / Math.log10(6000));
}

export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
