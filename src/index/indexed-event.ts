/** `indexedEvent`: an event of a journal as the store has it. km wrote it itself: nothing is cut or masked again. */
import type { StoredEvent } from "../store/events.ts";
import type { StreamEvent } from "../stream/event.ts";

/** @returns undefined for what km cannot have written: the tables would refuse it, and with it all that is added at once */
export function indexedEvent(session: string, event: StreamEvent): StoredEvent | undefined {
  const occurred_us = microsecondsOf(event.timestamp);
  const seq = whole(event.seq);
  const type = text(event.type);
  const direction = text(event.direction);
  if (occurred_us === null || seq === null || type === null || direction === null) return undefined;
  return {
    event_id: indexedId(session, seq),
    session_id: session,
    seq,
    occurred_us,
    type,
    direction,
    call: whole(event.call),
    method: text(event.method),
    tool: text(event.tool),
    target: text(event.target),
    duration_ms: Number.isFinite(event.duration_ms) ? (event.duration_ms ?? null) : null,
    continues: text(event.continues),
    error_type: text(event.error_type),
    error_message: text(event.error_message),
    bytes: whole(event.bytes) ?? 0,
    trace: text(event.trace),
    truncated: event.truncated === true,
    redacted: whole(event.redacted) ?? 0,
    message: text(event.message),
    text: text(event.text),
  };
}

/** Of an event, in the local index. */
export function indexedId(session: string, seq: number): string {
  return `${session}:${seq}`;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function whole(value: unknown): number | null {
  return Number.isSafeInteger(value) ? Number(value) : null;
}

const SECOND = "2026-01-01T00:00:00";
let second = "";
let secondUs = 0;

/** Since 1970. Many events come within a second: it is understood once. */
function microsecondsOf(timestamp: unknown): number | null {
  if (typeof timestamp !== "string") return null;
  const upTo = timestamp.slice(0, SECOND.length);
  if (upTo !== second) [second, secondUs] = [upTo, Date.parse(`${upTo}Z`) * 1000];
  return whole(secondUs + Number(timestamp.slice(SECOND.length + 1, -1).padEnd(6, "0")));
}
