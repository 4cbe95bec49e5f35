/** `readOutbound`: what of a client's line matters for the way it is sent. No I/O. */
import { exactText, isObject, type JsonObject, memberText, type Message, readLine } from "../wire/jsonrpc.ts";

export interface Outbound {
  line: string;
  /** `messages` is a batch, `unknown` what is no JSON-RPC: the server shall say so. */
  kind: "request" | "notification" | "answer" | "messages" | "unknown";
  /** Exact texts of the ids that wait for an answer. */
  ids: string[];
  /** Of a request or notification; otherwise what it is called in errors. */
  method: string;
  params: JsonObject | undefined;
  /** The revision that a stateless message names; undefined before 2026-07-28. */
  version: string | undefined;
}

const VERSION_MEMBER = "io.modelcontextprotocol/protocolVersion";

export function readOutbound(line: string): Outbound {
  const read = readLine(line);
  switch (read.kind) {
    case "malformed":
      return { line, kind: "unknown", ids: [], method: "a message", params: undefined, version: undefined };
    case "batch": {
      const ids = read.members.flatMap(({ message }) => (message?.kind === "request" ? [message.id] : []));
      return { line, kind: "messages", ids, method: "a batch", params: undefined, version: undefined };
    }
    case "response":
    case "error":
      return { line, kind: "answer", ids: [], method: "an answer", params: undefined, version: undefined };
    case "request":
    case "notification":
      return { line, kind: read.kind, ids: read.kind === "request" ? [read.id] : [], ...partsOf(read) };
  }
}

function partsOf({ method, value }: Extract<Message, { method: string }>) {
  const { params } = value;
  if (!isObject(params)) return { method, params: undefined, version: undefined };
  const { _meta: meta } = params;
  const version = isObject(meta) ? meta[VERSION_MEMBER] : undefined;
  return { method, params, version: typeof version === "string" ? version : undefined };
}

/** The exact text of the id of the request that a notification cancels. */
export function cancelledBy({ line, method, params }: Outbound): string | undefined {
  if (method !== "notifications/cancelled" || params === undefined || !("requestId" in params)) return undefined;
  return exactText(params["requestId"], () => memberText(memberText(line, "params") ?? "{}", "requestId"));
}
