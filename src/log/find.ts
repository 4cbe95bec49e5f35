/** `findEntry`: the entry that an event of a session belongs to, whole. */
import { KmError } from "../errors.ts";
import { readEvents } from "../journal/read.ts";
import type { Session } from "../journal/sessions.ts";
import { EntryFold, isSettled, type LogEntry } from "../stream/entry.ts";
import type { StreamEvent } from "../stream/event.ts";

export interface FoundEntry {
  entry: LogEntry;
  /** What the server wrote to stderr from shortly before the entry until shortly after it. */
  stderr: StreamEvent[];
}

/** How many events before and after an entry are looked through for stderr. */
const NEARBY_EVENTS = 10;
/** Late messages of an ended call, such as a second answer, are looked for among so many events. */
const LATE_EVENTS = 1000;
const MOST_STDERR = 40;

/** @throws KmError JRN_002 where the session has no such event, JRN_003 where it cannot be read */
export async function findEntry(session: Session, seq: number): Promise<FoundEntry> {
  const call = await callOf(session, seq);
  const isPart = (event: StreamEvent): boolean => event.seq === call || event.call === call;
  const fold = new EntryFold(session.info, { keepPayload: true });
  let entry: LogEntry | undefined;
  let lastSeq = call;
  const stderr: StreamEvent[] = [];
  for await (const event of readEvents(session.folder, { from: Math.max(1, call - NEARBY_EVENTS), payload: isPart })) {
    if (isPart(event)) {
      const part = fold.add(event);
      // A call whose beginning was lost: what is left of it are entries of their own.
      if (entry === undefined || part.seq === seq) entry = part;
      lastSeq = event.seq;
    } else if (event.type === "stderr") stderr.push(event);
    if (entry !== undefined && isSettled(entry) && event.seq > lastSeq + LATE_EVENTS) break;
    if (stderr.length > MOST_STDERR && entry === undefined) stderr.shift();
  }
  if (entry === undefined)
    throw new KmError("JRN_002", `Cannot find event ${seq} in session ${session.info.session_id}`);
  if (session.state !== "running") fold.end();
  return { entry, stderr: stderr.filter((event) => event.seq <= lastSeq + NEARBY_EVENTS).slice(0, MOST_STDERR) };
}

/** The call that the event belongs to, or its own `seq`. */
async function callOf(session: Session, seq: number): Promise<number> {
  for await (const event of readEvents(session.folder, { from: seq, payload: false })) {
    if (event.seq === seq) return event.call ?? event.seq;
    break;
  }
  throw new KmError("JRN_002", `Cannot find event ${seq} in session ${session.info.session_id}`, {
    hint: `See km logs ${session.info.session_id} for the numbers it has.`,
  });
}
