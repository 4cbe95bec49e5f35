/** A small session to try plugins on, where none has been recorded: a handshake, calls that work, fail and dawdle, noise. */
import { hostname } from "node:os";
import { JournalWriter } from "../journal/append.ts";
import type { Direction, EventType, SessionInfo, StreamEvent } from "../stream/event.ts";
import { SummaryFold } from "../stream/summary.ts";
import { VERSION } from "../version.ts";

type Sample = Omit<StreamEvent, "seq" | "timestamp" | "bytes">;

/** @param folder becomes that of the session's journal */
export function writeSampleSession(folder: string): SessionInfo {
  const started = Date.now();
  const info: SessionInfo = {
    format: 1,
    session_id: "sample",
    name: "sample",
    command: ["sample-server"],
    cwd: "/",
    km_pid: process.pid,
    server_pid: undefined,
    hostname: hostname(),
    platform: `${process.platform}-${process.arch}`,
    km_version: VERSION,
    started_at: new Date(started).toISOString(),
    payloads: "redacted",
  };
  const ignore = (): void => undefined;
  const limits = { segmentBytes: 1 << 20, maxBytes: 1 << 30 };
  const journal = new JournalWriter({
    folder,
    info,
    ...limits,
    onFailure: ignore,
    onExpiry: ignore,
    onSegment: ignore,
  });
  const summary = new SummaryFold();
  for (const [index, sample] of SAMPLES.entries()) {
    const bytes = (sample.message ?? sample.text ?? "").length + 1;
    const timestamp = `${new Date(started + index).toISOString().slice(0, -1)}000Z`;
    const event: StreamEvent = { seq: index + 1, timestamp, bytes, ...sample };
    summary.add(event);
    journal.record(event);
  }
  journal.close(summary.summary({ exit_code: 0 }));
  return info;
}

const SAMPLES: Sample[] = [
  { type: "server_start", direction: "response", message: '{"name":"sample","command":["sample-server"]}' },
  ...call(2, "initialize", 4.2, {
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "sample-client", version: "1.0" } },
    result: {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "sample", version: "2.0" },
    },
  }),
  message("notification", "request", { method: "notifications/initialized" }, {}),
  ...call(5, "tools/list", 1.1, {
    params: {},
    result: { tools: [{ name: "read_file", description: "Read a file", inputSchema: { type: "object" } }] },
  }),
  ...call(7, "tools/call", 12.5, {
    tool: "read_file",
    params: { name: "read_file", arguments: { path: "/notes.txt" } },
    result: { content: [{ type: "text", text: "Remember the milk." }] },
  }),
  { type: "stderr", direction: "response", text: "warning: cache is cold" },
  ...call(10, "tools/call", 3100, {
    tool: "search",
    params: { name: "search", arguments: { query: "tea" } },
    result: { content: [{ type: "text", text: "nothing found" }], isError: true },
    error: { error_type: "tool_error", error_message: "nothing found" },
  }),
  message("request", "request", { method: "resources/read", call: 12, target: "file:///gone" }, { id: 12 }),
  message(
    "error",
    "response",
    {
      method: "resources/read",
      call: 12,
      duration_ms: 0.8,
      target: "file:///gone",
      error_type: "-32002",
      error_message: "Resource not found",
    },
    { id: 12, error: { code: -32002, message: "Resource not found" } },
  ),
  { type: "malformed", direction: "response", text: "Listening on port 3000", error_type: "malformed" },
  { type: "server_stop", direction: "response", message: '{"exit_code":0,"reason":"client closed","unanswered":0}' },
];

interface SampleCall {
  tool?: string;
  params: object;
  result: object;
  error?: Pick<StreamEvent, "error_type" | "error_message">;
}

/** @param seq that of the request, which is also its id */
function call(seq: number, method: string, durationMs: number, { tool, params, result, error }: SampleCall): Sample[] {
  const common = { method, call: seq, ...(tool === undefined ? {} : { tool }) };
  return [
    message("request", "request", common, { id: seq, method, params }),
    message("response", "response", { ...common, duration_ms: durationMs, ...error }, { id: seq, result }),
  ];
}

function message(type: EventType, direction: Direction, event: Partial<Sample>, body: object): Sample {
  const { method } = event;
  const named = type === "request" || type === "notification" ? { method } : {};
  return { ...event, type, direction, message: JSON.stringify({ jsonrpc: "2.0", ...named, ...body }) };
}
