/** `traceHeaders`: the trace that a message belongs to (W3C Trace Context), for those who are between and read headers alone. */
import { isObject } from "../wire/jsonrpc.ts";
import type { Outbound } from "./outbound.ts";

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/** What is not well-formed is left where it stands, and is no header. */
export function traceHeaders({ params }: Outbound): Record<string, string> {
  const meta = params?.["_meta"];
  if (!isObject(meta)) return {};
  const { traceparent, tracestate } = meta;
  if (typeof traceparent !== "string" || !TRACEPARENT.test(traceparent)) return {};
  const hasState = typeof tracestate === "string" && TRACESTATE.test(tracestate) && tracestate.trim() === tracestate;
  return hasState ? { traceparent, tracestate } : { traceparent };
}
