/** What is recorded of a session while it goes on: rows when calls end, or lines of JSON as events come. */
import { eventJson } from "../journal/event-json.ts";
import { followEvents } from "../journal/follow.ts";
import { readEvents } from "../journal/read.ts";
import { sessionParties } from "../journal/sessions.ts";
import type { Output } from "../output.ts";
import { EntryFold, isLifecycle, type LogEntry } from "../stream/entry.ts";
import type { StreamEvent } from "../stream/event.ts";
import { partiesOf } from "../stream/parties.ts";
import { keepLast, printRows, type RowView } from "./list.ts";
import type { LogQuery } from "./query.ts";

/** A call that takes longer is shown as pending, once. */
const PENDING_AFTER_MS = 1000;
const PENDING_CHECK_MS = 500;

export async function followRows(
  query: LogQuery,
  view: RowView & { showPending: boolean },
  signal: AbortSignal,
): Promise<void> {
  const fold = new EntryFold(query.session.info, { keepPayload: view.payload || query.wantsPayload });
  const print = await printRows([], view);
  const shownPending = new WeakSet<LogEntry>();
  const showPending = (): void => {
    for (const entry of fold.open()) {
      const isSlow = entry.state === "pending" && Date.now() - Date.parse(entry.timestamp) > PENDING_AFTER_MS;
      if (!isSlow || shownPending.has(entry) || !query.matches(entry)) continue;
      shownPending.add(entry);
      void print(entry).catch(() => undefined); // the next row meets the same problem and reports it
    }
  };
  const timer = view.showPending ? setInterval(showPending, PENDING_CHECK_MS) : undefined;
  try {
    for await (const entry of endedEntries(query, fold, view.payload, signal)) {
      if (!(await print(entry))) return;
    }
  } finally {
    clearInterval(timer);
  }
}

/** Each event as it comes; where entries are selected, the events of an entry when it has ended and matches. */
export async function followJson(query: LogQuery, output: Output, signal: AbortSignal): Promise<void> {
  const { folder, info } = query.session;
  const parties = await sessionParties(query.session);
  const write = (event: StreamEvent): Promise<boolean> => {
    if (parties.client === undefined || parties.server === undefined) Object.assign(parties, partiesOf(event));
    return output.write(`${eventJson(event, info, parties)}\n`);
  };
  if (query.isSelective) {
    const fold = new EntryFold(info, { keepPayload: true });
    for await (const entry of endedEntries(query, fold, true, signal)) {
      for (const event of entry.events) if (!(await write(event))) return;
    }
    return;
  }
  for await (const event of followEvents(folder, { signal })) {
    if ((query.showsStderr || event.type !== "stderr") && !(await write(event))) return;
  }
}

/** Matching entries, each once, when it ends or is cancelled; at the end of the session also what got no answer. */
async function* endedEntries(
  query: LogQuery,
  fold: EntryFold,
  showsPayload: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  const { folder } = query.session;
  const payload = showsPayload || query.wantsPayload || isLifecycle;
  const yielded = new WeakSet<LogEntry>();
  const isDue = (entry: LogEntry): boolean => {
    if (entry.state === "pending" || yielded.has(entry)) return false;
    yielded.add(entry);
    return query.matches(entry);
  };
  let from = 1;
  if (query.tail !== undefined) {
    const last: LogEntry[] = [];
    for await (const event of readEvents(folder, { payload })) {
      from = event.seq + 1;
      const entry = fold.add(event);
      if (isDue(entry)) keepLast(last, entry, query.tail);
      if (signal.aborted) return;
    }
    yield* last;
  }
  for await (const event of followEvents(folder, { from, signal, payload })) {
    const entry = fold.add(event);
    if (isDue(entry)) yield entry;
  }
  if (signal.aborted) return;
  fold.end();
  for (const entry of fold.open()) if (isDue(entry)) yield entry;
}
