/** `jsonLine`: an entry as a line for programs. */
import { type LogEntry, printable, type StreamEvent } from "#plugin-sdk";

/** Without what was sent: `km logs --json` has that. Members that do not apply are absent. */
export function jsonLine(entry: LogEntry, event: StreamEvent): string {
  const { session_id, server, seq, kind, direction, method, tool, target, state } = entry;
  const { error_type, error_message, duration_ms, bytes, rounds } = entry;
  const line = JSON.stringify({
    timestamp: event.timestamp,
    session_id,
    server,
    seq,
    kind,
    direction,
    method,
    tool,
    target,
    state,
    error_type,
    error_message,
    duration_ms,
    bytes,
    rounds,
    type: event.type,
    text: entry.events[0]?.text,
  });
  return printable(line); // it may go to a terminal, and stays the same JSON
}
