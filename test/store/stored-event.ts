/** A stored event with all that one can have. */
import type { StoredEvent } from "../../src/store/events.ts";
import { NOW } from "./databases.ts";

export const NOW_US = NOW * 1000;
export const DAY_US = 86_400_000_000;

export function storedEvent(id: string, change: Partial<StoredEvent> = {}): StoredEvent {
  return {
    event_id: id,
    session_id: "ses_1",
    seq: 1,
    occurred_us: NOW_US + 123,
    type: "request",
    direction: "request",
    call: 2 ** 50,
    method: "tools/call",
    tool: 'read "it" \\ {a,b}\n',
    target: "file:///a,b",
    duration_ms: 1.5,
    continues: "task",
    error_type: "-32000",
    error_message: "null",
    bytes: 2 ** 40,
    trace: "00-1",
    truncated: true,
    redacted: 2,
    message: '{"id":9007199254740993,"x":"\\u0000é\u{1F600}"}',
    text: "",
    ...change,
  };
}

/** The same with nothing that it need not have. */
export function bareEvent(id: string, change: Partial<StoredEvent> = {}): StoredEvent {
  const optional = { call: null, method: null, tool: null, target: null, duration_ms: null, continues: null };
  const rest = { error_type: null, error_message: null, trace: null, message: null, text: null };
  return storedEvent(id, { ...optional, ...rest, truncated: false, redacted: 0, ...change });
}
