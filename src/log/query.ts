/** `logQuery`: which entries of which session a command line asks for. */
import type { Flags } from "../command.ts";
import { parseDuration } from "../config/units.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { SESSION_ID } from "../journal/layout.ts";
import { findSession, selectSession } from "../journal/select.ts";
import type { Session } from "../journal/sessions.ts";
import type { LogEntry } from "../stream/entry.ts";
import { filterWantsPayload, parseFilter } from "../stream/filter.ts";

export interface LogQuery {
  session: Session;
  matches(entry: LogEntry): boolean;
  /** Whether `matches` looks into messages. */
  wantsPayload: boolean;
  /** Whether entries other than stderr lines may be left out. */
  isSelective: boolean;
  showsStderr: boolean;
  /** The first word where it could have named a session: it is a term of the filter only because it names none. */
  unknownSession: string | undefined;
  /** Only so many of the last matching entries. */
  tail: number | undefined;
}

/** What the commands that query take, and how their help explains it. */
export const queryFlags = {
  session: {
    type: "positional",
    required: false,
    description: "An id, the start or end of one, a server's name, or last; default: the latest session",
    complete: "query",
  },
  filter: {
    type: "positional",
    required: false,
    repeat: true,
    description: "Terms such as is:error or tool:read_file; see km help filter",
    complete: "filter",
  },
} as const satisfies Flags;

export interface QueryArguments {
  /** The first term of the filter if it selects no session. */
  session: string | undefined;
  filter: string[];
  since: string | undefined;
  tail: string | undefined;
  stderr: boolean;
}

/** @throws KmError USAGE, FLT_001, JRN_001 or JRN_003 */
export async function logQuery(dataFolder: string, args: QueryArguments, now: number): Promise<LogQuery> {
  const since = args.since === undefined ? undefined : now - duration("--since", args.since);
  const tail = args.tail === undefined ? undefined : count("--tail", args.tail);
  const { session: first } = args;
  const named = first !== undefined && mayBeSession(first) ? await findSession(dataFolder, first) : undefined;
  const words = named?.kind === "found" ? args.filter : typedWords(args);
  const filter = parseFilter(words);
  const showsStderr = args.stderr || /\bis:stderr\b/.test(words.join(" "));
  return {
    session: named?.kind === "found" ? named.session : await selectSession(dataFolder),
    matches: (entry) =>
      (showsStderr || entry.kind !== "stderr") &&
      (since === undefined || Date.parse(entry.timestamp) >= since) &&
      filter(entry),
    wantsPayload: filterWantsPayload(words),
    isSelective: words.length > 0 || since !== undefined || tail !== undefined,
    showsStderr,
    unknownSession: named?.kind === "none" ? first : undefined,
    tail,
  };
}

/** For whom a filter finds nothing, or more than was meant: a session's or a server's name may have been mistyped. */
export function unknownSessionNote({ unknownSession: word }: LogQuery): string | undefined {
  if (word === undefined) return undefined;
  return `No session and no server is called "${echoed(word)}": it was looked for as text. See km sessions`;
}

/** Where no session may be named, all of them are the filter. */
export function typedWords({ session, filter }: Pick<QueryArguments, "session" | "filter">): string[] {
  return session === undefined ? [] : [session, ...filter];
}

/** @throws KmError USAGE */
export function duration(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) {
    throw new KmError("USAGE", `Flag ${flag} cannot be "${text}"`, { hint: "Give a duration such as 30s, 12h or 7d." });
  }
  return ms;
}

/** @throws KmError USAGE */
export function count(flag: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new KmError("USAGE", `Flag ${flag} cannot be "${text}"`, { hint: "Give a whole number." });
  }
  return Number(text);
}

/** Not what is surely part of a filter. A server's name may hold blanks, an id may not. */
function mayBeSession(word: string): boolean {
  return (
    !/[:/()"!]/.test(word) && !["and", "or", "not"].includes(word) && (SESSION_ID.test(word) || word.includes(" "))
  );
}
