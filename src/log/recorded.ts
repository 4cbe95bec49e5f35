/** `recordedQueries`: what of one session, or of all, a command line asks for; and the entries of such a query. */
import { KmError } from "../errors.ts";
import { lastWrite } from "../journal/alive.ts";
import type { ReadCounts } from "../journal/decode.ts";
import { readEvents } from "../journal/read.ts";
import { listSessions } from "../journal/sessions.ts";
import { foldEntries, type LogEntry } from "../stream/entry.ts";
import { filterWantsPayload, parseFilter } from "../stream/filter.ts";
import { duration, type LogQuery, logQuery, typedWords } from "./query.ts";
import { counted } from "../counted.ts";

export interface RecordedArguments {
  /** The first term of the filter if it selects no session, or with `all`. */
  session: string | undefined;
  filter: string[];
  since: string | undefined;
  all: boolean;
}

/**
 * One query per session, the oldest session first. Nothing is left out but what the filter does, stderr neither.
 *
 * @param onProblem told of each of all sessions that cannot be read and is left out
 * @throws KmError USAGE, FLT_001, JRN_001 or JRN_003
 */
export async function recordedQueries(
  dataFolder: string,
  args: RecordedArguments,
  now: number,
  onProblem: (problem: KmError) => void,
): Promise<LogQuery[]> {
  const { session, filter: terms, since } = args;
  if (!args.all) {
    return [await logQuery(dataFolder, { session, filter: terms, since, tail: undefined, stderr: true }, now)];
  }
  const words = typedWords(args);
  const start = since === undefined ? -Infinity : now - duration("--since", since);
  const filter = parseFilter(words);
  const queries: LogQuery[] = [];
  for (const session of await listSessions(dataFolder, onProblem)) {
    if ((await lastWrite(session.folder)) < start) continue;
    queries.unshift({
      session,
      matches: (entry) => (since === undefined || Date.parse(entry.timestamp) >= start) && filter(entry),
      wantsPayload: filterWantsPayload(words),
      isSelective: words.length > 0 || since !== undefined,
      showsStderr: true,
      unknownSession: undefined,
      tail: undefined,
    });
  }
  return queries;
}

/**
 * The matching entries, session by session.
 *
 * @param payload give them their messages
 */
export async function* recordedEntries(
  queries: LogQuery[],
  payload: boolean,
  counts: ReadCounts,
): AsyncGenerator<LogEntry> {
  for (const { session, matches, wantsPayload } of queries) {
    const keepPayload = payload || wantsPayload;
    const events = readEvents(session.folder, { payload: keepPayload, counts });
    const running = session.state === "running";
    for await (const entry of foldEntries(events, session.info, { keepPayload, running })) {
      if (matches(entry)) yield entry;
    }
  }
}

/** What to tell about what could not be read, a line each. */
export function lossesOf(counts: ReadCounts): string[] {
  const lines = counted(counts.torn, "line");
  return [
    ...(counts.torn > 0 ? [`Skipped what was cut short in the journal: ${lines}`] : []),
    ...(counts.vanished > 0 ? ["A part of a session was deleted while it was read"] : []),
  ];
}
