/**
 * HAR 1.2 of log entries, for the many tools that read it: each call is an HTTP exchange that could have been. Only
 * calls are exported; `_mcp` holds what HAR has no field for.
 */
import type { LogEntry } from "./entry.ts";
import type { StreamEvent } from "./event.ts";

/** @param version of km, named as the creator */
export async function* exportHar(entries: AsyncIterable<LogEntry>, version: string): AsyncGenerator<string> {
  yield `{"log":{"version":"1.2","creator":{"name":"km","version":${JSON.stringify(version)}},"entries":[`;
  let separator = "\n";
  for await (const entry of entries) {
    if (entry.kind !== "call") continue;
    yield separator + JSON.stringify(harEntry(entry));
    separator = ",\n";
  }
  yield "\n]}}\n";
}

/** A multi-round-trip call shows its first request and its last answer. */
function harEntry(entry: LogEntry): object {
  const request = entry.events.find((event) => event.type === "request");
  const answer = entry.events.findLast((event) => event.type === "response" || event.type === "error");
  const duration = entry.duration_ms ?? 0;
  return {
    startedDateTime: entry.timestamp,
    time: duration,
    request: {
      method: "POST",
      url: urlOf(entry),
      ...emptyHead,
      queryString: [],
      ...(request === undefined
        ? {}
        : { postData: { mimeType: "application/json", params: [], text: payloadOf(request) } }),
      bodySize: request?.bytes ?? 0,
    },
    response: {
      ...statusOf(entry),
      ...emptyHead,
      content: {
        size: answer?.bytes ?? 0,
        mimeType: "application/json",
        ...(answer === undefined ? {} : { text: payloadOf(answer) }),
      },
      redirectURL: "",
      bodySize: answer?.bytes ?? 0,
    },
    cache: {},
    timings: { send: 0, wait: duration, receive: 0 },
    _mcp: {
      session_id: entry.session_id,
      server: entry.server,
      seq: entry.seq,
      direction: entry.direction,
      method: entry.method,
      tool: entry.tool,
      target: entry.target,
      state: entry.state,
      error_type: entry.error_type,
      error_message: entry.error_message,
      rounds: entry.rounds,
    },
  };
}

/** What an exchange without HTTP has none of. -1 is "not known" in HAR. */
const emptyHead = { httpVersion: "HTTP/1.1", cookies: [], headers: [], headersSize: -1 };

/** `mcp://<server>/<method>/<target>`. */
function urlOf({ server, method = "", tool, target }: LogEntry): string {
  const parts = [server, ...method.split("/"), tool ?? target];
  // A lone surrogate, which JSON may carry, has no place in a URL.
  const encoded = parts
    .filter((part) => part !== undefined && part !== "")
    .map((part) => encodeURIComponent(String(part).toWellFormed()));
  return `mcp://${encoded.join("/")}`;
}

/** Empty where the payload was not recorded. */
function payloadOf(event: StreamEvent): string {
  return event.message ?? event.text ?? "";
}

/** Status 0 is what browsers write for a request that got no answer. */
function statusOf({ state }: LogEntry): { status: number; statusText: string } {
  switch (state) {
    case "ok":
      return { status: 200, statusText: "OK" };
    case "error":
      return { status: 500, statusText: "Error" };
    default:
      return { status: 0, statusText: state };
  }
}
