/** `Waterfall`: the calls of a session along its time: what waited for what, rounds of one call, tasks that went on. */
import { useCallback, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { hasEvent, type Row } from "./book.ts";
import { Detail } from "./detail.tsx";
import { focusMessages, isOfOther, isTyped, STEPS } from "./keys.ts";
import type { LiveEvents } from "./live-events.ts";
import { Empty, Failed, Skeleton } from "./placeholder.tsx";
import type { Range } from "./rounds.ts";
import type { Go, Route } from "./route.ts";
import { SessionBar } from "./session-bar.tsx";
import { MOST_EVENTS, useSessionRows } from "./session-rows.ts";
import type { Sessions } from "./sessions.ts";
import { duration, number, plural } from "./text.ts";
import { beginOf, endOf, rangeOf, zoomed } from "./time-range.ts";
import type { KnownFindings } from "./use-findings.ts";
import { VirtualRows } from "./virtual-rows.tsx";
import { WaterfallRow } from "./waterfall-row.tsx";

interface Props {
  route: Route;
  session: string;
  go: Go;
  sessions: Sessions;
  findings: KnownFindings;
  isNarrow: boolean;
  say(text: string): void;
  live: LiveEvents;
}

const TICKS = 5;

export function Waterfall({ route, session, go, sessions, findings, isNarrow, say, live }: Props) {
  const loaded = useSessionRows(session, sessions, live);
  const [zoom, setZoom] = useState<Range | undefined>();
  const rows = loaded.kind === "loaded" ? loaded.value.rows : [];
  const all = useMemo(() => rangeOf(rows), [rows]);
  const range = zoom ?? all;
  const shown = useMemo(
    () => rows.filter((row) => (isPending(row) || endOf(row) >= range.from) && beginOf(row) <= range.to),
    [rows, range],
  );
  const { open } = route;
  const openAt = open === undefined ? -1 : shown.findIndex((row) => hasEvent(row, open.seq));
  const select = useCallback((row: Row) => go({ open: { session, seq: row.seq } }), [go, session]);
  const close = (): void => {
    go({ open: undefined });
    document.getElementById("waterfall")?.focus();
  };
  const zoomBy = (factor: number | undefined): void =>
    setZoom(factor === undefined ? undefined : zoomed(range, all, factor, shown[openAt]));

  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyped(event) || document.querySelector("dialog[open]") !== null) return;
      if (isOfOther(event, "waterfall")) return;
      const { key } = event;
      const step = STEPS[key];
      const row = shown[Math.min(shown.length - 1, Math.max(0, openAt + (step ?? 0)))];
      if (key === "Enter" && open !== undefined) focusMessages();
      else if (step !== undefined && row !== undefined) select(row);
      else if (key === "Escape" && open !== undefined) close();
      else if (key === "+") zoomBy(0.5);
      else if (key === "-") zoomBy(2);
      else if (key === "0") zoomBy(undefined);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [shown, openAt, open, range, all]);

  return (
    <div class={open === undefined ? "calls" : "calls split"}>
      <SessionBar
        session={session}
        sessions={sessions}
        lasted={all.to - all.from}
        isZoomed={zoom !== undefined}
        zoom={zoomBy}
        go={go}
      />
      <div class="panes">
        <div class="listed">
          {loaded.kind === "failed" ? (
            <Failed why={loaded.why} />
          ) : loaded.kind === "loading" ? (
            <Skeleton />
          ) : rows.length === 0 ? (
            <Empty title="No calls in this session" />
          ) : (
            <VirtualRows
              class="waterfall"
              id="waterfall"
              label="Calls of the session along its time"
              head={<Axis range={range} start={all.from} />}
              rows={shown}
              rowHeight={isNarrow ? 40 : 24}
              current={openAt}
            >
              {(row, place, slot) => (
                <WaterfallRow
                  key={slot}
                  row={row}
                  place={place}
                  range={range}
                  isSelected={place.index === openAt}
                  sessions={sessions}
                  findings={findings.byEvent}
                  select={select}
                />
              )}
            </VirtualRows>
          )}
          <footer class="foot">
            <span>{plural(shown.length, "call")}</span>
            {loaded.kind === "loaded" && loaded.value.isCut ? (
              <span>The newest {number(MOST_EVENTS)} events of the session</span>
            ) : null}
            <span class="spring" />
            <span class="keys-hint">j k choose · + − zoom · 0 fit</span>
          </footer>
        </div>
        {open === undefined ? null : (
          <Detail
            name={open}
            row={rows.find((row) => hasEvent(row, open.seq))}
            sessions={sessions}
            findings={findings}
            close={close}
            say={say}
          />
        )}
      </div>
    </div>
  );
}

/** Where nothing came back, its end is not known. */
function isPending({ entry }: Row): boolean {
  return entry.duration_ms === undefined;
}

/** @param start of the session, from which time is counted */
function Axis({ range, start }: { range: Range; start: number }) {
  return (
    <div class="row head" role="row" aria-rowindex={1}>
      <span role="columnheader">Call</span>
      <span role="columnheader" class="axis">
        {Array.from({ length: TICKS }, (_, index) => (
          <i key={index} style={{ left: `${(100 * index) / TICKS}%` }}>
            {duration(range.from - start + ((range.to - range.from) * index) / TICKS)}
          </i>
        ))}
      </span>
      <span role="columnheader" class="number">
        Duration
      </span>
    </div>
  );
}
