/** A log entry for tests: a successful `tools/call` of `read_file`, with what the test changes. */
import type { LogEntry } from "../../src/stream/entry.ts";
import type { StreamEvent } from "../../src/stream/event.ts";

export function makeEntry(changes: Partial<LogEntry> = {}): LogEntry {
  return {
    session_id: "20260102-030405-abcdef01",
    server: "files",
    seq: 7,
    kind: "call",
    direction: "request",
    method: "tools/call",
    tool: "read_file",
    timestamp: "2026-01-02T03:04:05.000001Z",
    state: "ok",
    duration_ms: 100,
    bytes: 300,
    rounds: 1,
    events: [
      makeEvent({
        message:
          '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"Über.txt"}}}',
      }),
      makeEvent({
        seq: 8,
        type: "response",
        direction: "response",
        bytes: 200,
        message: '{"jsonrpc":"2.0","id":1,"result":{"n":9007199254740993}}',
      }),
    ],
    ...changes,
  };
}

export function makeEvent(changes: Partial<StreamEvent> = {}): StreamEvent {
  return {
    seq: 7,
    timestamp: "2026-01-02T03:04:05.000001Z",
    type: "request",
    direction: "request",
    bytes: 100,
    ...changes,
  };
}
