/** `CallsView`: the live list with its filter, and the messages of the call that is open. */
import { useCallback, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { hasEvent, type Row } from "./book.ts";
import { CallsBar } from "./calls-bar.tsx";
import { CallsFoot } from "./calls-foot.tsx";
import type { Calls } from "./calls.ts";
import { filterFault } from "./complete-filter.ts";
import { Detail } from "./detail.tsx";
import { CallList } from "./list.tsx";
import { NoCalls } from "./no-calls.tsx";
import type { Go, Route } from "./route.ts";
import type { Sessions } from "./sessions.ts";
import { stateOf } from "./state.ts";
import { plural } from "./text.ts";
import { useCallKeys } from "./use-call-keys.ts";
import type { KnownFindings } from "./use-findings.ts";
import { useMedia } from "./use-media.ts";

interface Props {
  route: Route;
  go: Go;
  calls: Calls;
  sessions: Sessions;
  findings: KnownFindings;
  isNarrow: boolean;
  say(text: string): void;
}

export function CallsView({ route, go, calls, sessions, findings, isNarrow, say }: Props) {
  const { session, filter, search, open, errorsFirst } = route;
  const isWide = useMedia("(min-width: 1500px)");
  // A link may hold one that is wrong; the box keeps such a one for itself.
  const isUnderstood = filterFault(filter) === undefined;
  // Before the next key comes: it is for the list that was asked for.
  useLayoutEffect(() => {
    if (isUnderstood) void calls.show({ session, filter, search });
  }, [session, filter, search]);

  const { book } = calls;
  const rows = useMemo(
    () => inOrder(book.rows, errorsFirst, sessions),
    [book, book.rows, errorsFirst && book.version, errorsFirst, sessions.list],
  );
  const openRow = useMemo(
    () => open && rows.find((row) => row.entry.session_id === open.session && hasEvent(row, open.seq)),
    [rows, book.version, open?.session, open?.seq],
  );
  const openKey = openRow?.key;
  const select = useCallback((row: Row) => go({ open: { session: row.entry.session_id, seq: row.seq } }), [go]);
  const close = useCallback(() => {
    go({ open: undefined });
    document.getElementById("calls")?.focus();
  }, [go]);

  // Its boxes may hold what is not applied.
  const [cleared, setCleared] = useState(0);
  const clear = (): void => {
    setCleared(cleared + 1);
    go({ filter: "", search: "", session: undefined });
  };

  useCallKeys({ rows, openKey, isOpen: open !== undefined, calls, sessions, select, close, say });

  return (
    <div class={open === undefined ? "calls" : "calls split"}>
      <CallsBar key={cleared} route={route} go={go} calls={calls} sessions={sessions} say={say} />
      <div class="panes">
        <div class="listed">
          {calls.isPaused && calls.held > 0 ? (
            <button type="button" class="held" onClick={() => calls.pause(false)}>
              {plural(calls.held, "event")} since the pause: show
            </button>
          ) : null}
          {rows.length > 0 && isUnderstood ? (
            <CallList
              rows={rows}
              selected={openKey}
              sessions={sessions}
              findings={findings.byEvent}
              showsServer={session === undefined && !isNarrow && (open === undefined || isWide)}
              isNarrow={isNarrow}
              select={select}
              more={() => void calls.more()}
            />
          ) : (
            <NoCalls calls={calls} route={route} clear={clear} />
          )}
          <CallsFoot calls={calls} rows={rows} sessions={sessions} />
        </div>
        {open === undefined ? null : (
          <Detail name={open} row={openRow} sessions={sessions} findings={findings} close={close} say={say} />
        )}
      </div>
    </div>
  );
}

/** The newest first, or the newest of the errors. */
function inOrder(ascending: readonly Row[], errorsFirst: boolean, sessions: Sessions): Row[] {
  const rows = ascending.toReversed();
  if (!errorsFirst) return rows;
  const isError = ({ entry }: Row): boolean => stateOf(entry, sessions) === "error";
  return [...rows.filter(isError), ...rows.filter((row) => !isError(row))];
}
