/** What is recorded of a session by now: as a table or as lines of JSON. */
import type { Colors } from "picocolors/types";
import type { ReadCounts } from "../journal/decode.ts";
import { eventJson } from "../journal/event-json.ts";
import { readEvents } from "../journal/read.ts";
import { sessionParties } from "../journal/sessions.ts";
import type { Output } from "../output.ts";
import { foldEntries, isLifecycle, type LogEntry, withoutPayload } from "../stream/entry.ts";
import { columnWidths, tableRow } from "../terminal.ts";
import type { LogQuery } from "./query.ts";
import { LIVE_COLUMNS, LOG_COLUMNS, logCells, payloadText } from "./rows.ts";

export interface RowView {
  output: Output;
  colours: Colors;
  /** Width of the terminal; undefined for no limit. */
  width: number | undefined;
  /** Show the messages below each row. */
  payload: boolean;
}

/** The widths of the columns are those of so many rows; fewer where each is held with its messages. */
const SAMPLE_ROWS = 500;
const SAMPLE_ROWS_WITH_PAYLOAD = 20;

/**
 * A table of the matching entries, printed as they are read.
 *
 * @returns false where there are none
 */
export async function listRows(query: LogQuery, view: RowView, counts: ReadCounts): Promise<boolean> {
  const sampleRows = view.payload ? SAMPLE_ROWS_WITH_PAYLOAD : SAMPLE_ROWS;
  const sample: LogEntry[] = [];
  let print: ((entry: LogEntry) => Promise<boolean>) | undefined;
  for await (const entry of matchingEntries(query, view.payload, counts)) {
    if (print !== undefined) {
      if (!(await print(entry))) return true;
      continue;
    }
    sample.push(entry);
    if (sample.length === sampleRows) print = await printRows(sample.splice(0), view);
  }
  if (print === undefined && sample.length > 0) print = await printRows(sample, view);
  return print !== undefined;
}

/** The events of the matching entries, in order of `seq`. */
export async function listJson(query: LogQuery, output: Output, counts: ReadCounts): Promise<void> {
  const { folder, info } = query.session;
  const parties = await sessionParties(query.session);
  const wanted = query.isSelective ? await wantedCalls(query) : undefined;
  for await (const event of readEvents(folder, {
    counts,
    payload: (one) => wanted?.has(one.call ?? one.seq) ?? true,
  })) {
    const isWanted = wanted?.has(event.call ?? event.seq) ?? (query.showsStderr || event.type !== "stderr");
    if (isWanted && !(await output.write(`${eventJson(event, info, parties)}\n`))) return;
  }
}

/** Prints the header and these rows, if any are known yet, and returns how to print those that follow. */
export async function printRows(entries: LogEntry[], view: RowView): Promise<(entry: LogEntry) => Promise<boolean>> {
  const { colours, output, width } = view;
  const rows = entries.map((entry) => logCells(entry, colours));
  const widths = columnWidths(rows.length > 0 ? LOG_COLUMNS : LIVE_COLUMNS, rows, width);
  const headers = LOG_COLUMNS.map((column) => colours.bold(column.header));
  const line = (cells: string[]): string => tableRow(LOG_COLUMNS, widths, cells, width);
  const print = (entry: LogEntry): Promise<boolean> =>
    output.write(line(logCells(entry, colours)) + (view.payload ? payloadText(entry, colours) : ""));
  await output.write(line(headers));
  for (const entry of entries) {
    if (!(await print(entry))) break;
  }
  return print;
}

/** Inserts in order of `seq` and drops the first where there are more than `most`. */
export function keepLast(entries: LogEntry[], entry: LogEntry, most: number): void {
  // A call that was open for long comes after entries that began later.
  let at = entries.length;
  while (at > 0 && (entries[at - 1]?.seq ?? 0) > entry.seq) at--;
  entries.splice(at, 0, entry);
  if (entries.length > most) entries.shift();
}

async function* matchingEntries(query: LogQuery, showsPayload: boolean, counts: ReadCounts): AsyncGenerator<LogEntry> {
  const { folder, info, state } = query.session;
  const keepPayload = showsPayload || query.wantsPayload;
  const events = readEvents(folder, { payload: keepPayload || isLifecycle, counts });
  const last: LogEntry[] = [];
  for await (const entry of foldEntries(events, info, { keepPayload, running: state === "running" })) {
    if (!query.matches(entry)) continue;
    if (!showsPayload) entry.events = entry.events.map(withoutPayload);
    if (query.tail === undefined) yield entry;
    else keepLast(last, entry, query.tail);
  }
  yield* last;
}

/** The calls, or the lone events, whose entries match: small enough to hold where the events are not. */
async function wantedCalls(query: LogQuery): Promise<Set<number>> {
  const wanted = new Set<number>();
  for await (const entry of matchingEntries(query, false, { events: 0, torn: 0, vanished: 0 })) {
    for (const event of entry.events) wanted.add(event.call ?? event.seq);
  }
  return wanted;
}
