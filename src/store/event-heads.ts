/** Events without their payloads, which may be large: what a filter mostly asks for. */
import type { Database, Row } from "./database.ts";
import {
  eventOf,
  type EventQuery,
  HEAD_COLUMNS,
  NEWEST_FIRST,
  PAYLOAD_OCTETS,
  type StoredEvent,
  windowOf,
} from "./events.ts";
import { idList } from "./id-list.ts";
import { ownedBy, sql, type Statement } from "./statement.ts";

export interface EventHead extends Omit<StoredEvent, "message" | "text"> {
  /** As in `ArrivalPlace`. */
  arrival: number;
  /** Of the payload. */
  octets: number;
}

export type Payload = Pick<StoredEvent, "message" | "text">;

/** Of a call that has more, those at its beginning and those at its end: a task may have any number of them. */
const CALL_EVENTS = 1000;

/** Of a statement: where events come from, and what holds for them. */
export interface EventsPart {
  from: Statement;
  condition: Statement;
}

const ALL: EventsPart = { from: sql`events`, condition: sql`` };

/** The newest first. */
export async function listHeads(
  database: Database,
  customer: string,
  query: Pick<EventQuery, "session" | "since" | "until" | "after" | "limit">,
  { from, condition } = ALL,
): Promise<EventHead[]> {
  const rows = await database.rows(sql`
    select ${HEAD_COLUMNS}, arrival, ${PAYLOAD_OCTETS} as octets
    from ${from} where ${ownedBy(customer)} ${windowOf(query)} ${condition}
    ${NEWEST_FIRST} limit ${query.limit}`);
  return rows.map(headOf);
}

/** The events of one call, in their order. */
export async function callHeads(
  database: Database,
  customer: string,
  session: string,
  call: number,
  most = CALL_EVENTS,
): Promise<EventHead[]> {
  const read = async (backwards: boolean): Promise<EventHead[]> => {
    const rows = await database.rows(sql`
      select ${HEAD_COLUMNS}, arrival, ${PAYLOAD_OCTETS} as octets from events
      where ${ownedBy(customer)} and session_id = ${session} and call = ${call}
      order by ${backwards ? sql`seq desc, event_id desc` : sql`seq, event_id`} limit ${most}`);
    return rows.map(headOf);
  };
  const first = await read(false);
  if (first.length < most) return first;
  const known = new Set(first.map(({ event_id }) => event_id));
  const last = await read(true);
  return [...first, ...last.toReversed().filter(({ event_id }) => !known.has(event_id))];
}

/** By the events' ids. */
export async function payloadsOf(
  database: Database,
  customer: string,
  ids: readonly string[],
): Promise<Map<string, Payload>> {
  const rows = await database.rows(sql`
    select event_id, message, text from events
    where ${ownedBy(customer)} and event_id in (${idList(database.dialect, ids)})`);
  const textOf = (value: Row[string] | undefined) => (value === null || value === undefined ? null : String(value));
  return new Map(
    rows.map(({ event_id, message, text }) => [String(event_id), { message: textOf(message), text: textOf(text) }]),
  );
}

/** The tools that events are about, by the events' ids; null for an event that is about none. */
export async function toolsOf(
  database: Database,
  customer: string,
  ids: readonly string[],
): Promise<Map<string, string | null>> {
  const rows = await database.rows(sql`
    select event_id, tool from events
    where ${ownedBy(customer)} and event_id in (${idList(database.dialect, ids)})`);
  return new Map(rows.map(({ event_id, tool }) => [String(event_id), typeof tool === "string" ? tool : null]));
}

function headOf(row: Row): EventHead {
  const { message: _message, text: _text, ...head } = eventOf({ ...row, message: null, text: null });
  return { ...head, arrival: Number(row["arrival"]), octets: Number(row["octets"]) };
}
