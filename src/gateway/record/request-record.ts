/** `RequestRecord`: one HTTP request with the messages in it, as it is counted, audited, traced and logged. */
import type { Message } from "../../wire/jsonrpc.ts";
import { isObject } from "../../wire/jsonrpc.ts";
import { outlineOf, spanOf } from "../../wire/outline.ts";
import type { Identity } from "../access/identity.ts";

export interface RequestRecord {
  id: string;
  /** Milliseconds since 1970, and of a clock that is not set back. */
  startedAt: number;
  startedMs: number;
  httpMethod: string;
  path: string;
  address: string;
  identity: Identity;
  /** The session that the request names, or that it was given. */
  session: string | undefined;
  /** Why it goes no further; undefined where it did. */
  refused: string | undefined;
  /** By the exact text of the id. */
  calls: Map<string, Call>;
}

/** A request that waits for its answer. */
export interface Call {
  id: string;
  method: string;
  /** The tool, prompt or resource that it is about. */
  target: string | undefined;
  startedAt: number;
  startedMs: number;
  /** Of the caller: what stands in `params._meta`, else in the header. */
  trace: { traceparent: string; tracestate: string | undefined } | undefined;
}

/** How a call has ended. `error` is the code of a JSON-RPC error, `tool_error`, or `unanswered`. */
export interface CallEnd {
  error: string | undefined;
  durationMs: number;
}

const LONGEST_NAME = 512;

export function callOf(message: Message & { kind: "request" }, headers: Headers, now: number, nowMs: number): Call {
  const { id, method, value } = message;
  const params = isObject(value["params"]) ? value["params"] : {};
  const meta = isObject(params["_meta"]) ? params["_meta"] : {};
  const { name, uri } = params;
  const target = typeof name === "string" ? name : typeof uri === "string" ? uri : undefined;
  const traceparent = meta["traceparent"] ?? headers.get("traceparent");
  const tracestate = meta["traceparent"] === undefined ? headers.get("tracestate") : meta["tracestate"];
  return {
    id,
    method: method.slice(0, LONGEST_NAME),
    target: target?.slice(0, LONGEST_NAME),
    startedAt: now,
    startedMs: nowMs,
    trace:
      typeof traceparent === "string"
        ? { traceparent, tracestate: typeof tracestate === "string" ? tracestate : undefined }
        : undefined,
  };
}

/** Undefined for an answer that says that it went well. A tool's own error is one. */
export function errorIn(answer: string, method: string): string | undefined {
  if (outlineOf(answer)?.kind === "error") {
    const span = spanOf(answer, ["error", "code"]);
    return span === undefined ? "error" : answer.slice(span.start, span.end).slice(0, 20);
  }
  if (method !== "tools/call" || !answer.includes('"isError"')) return undefined;
  const span = spanOf(answer, ["result", "isError"]);
  return span !== undefined && answer.slice(span.start, span.end) === "true" ? "tool_error" : undefined;
}
