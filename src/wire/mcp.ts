/** What km needs to know of MCP's methods, in both eras: names of what is called, failures, who is who. */
import { isObject, type JsonObject, type Message } from "./jsonrpc.ts";

/** `name` and `version` as the MCP handshake gives them. */
export interface Implementation {
  name: string;
  version: string;
}

const META_PREFIX = "io.modelcontextprotocol/";

/** The tool of a `tools/call`. */
export function toolOf(method: string, params: JsonObject | undefined): string | undefined {
  return method === "tools/call" ? text(params?.["name"]) : undefined;
}

/** What a request is about, for the methods other than `tools/call` that name something. */
export function targetOf(method: string, params: JsonObject | undefined): string | undefined {
  switch (method) {
    case "prompts/get":
      return text(params?.["name"]);
    case "resources/read":
    case "resources/subscribe":
    case "resources/unsubscribe":
    case "notifications/resources/updated":
      return text(params?.["uri"]);
    case "completion/complete": {
      const ref = member(params, "ref");
      return text(ref?.["name"]) ?? text(ref?.["uri"]);
    }
    case "tasks/get":
    case "tasks/update":
    case "tasks/result":
    case "tasks/cancel":
    case "notifications/tasks/status":
    case "notifications/tasks":
      return text(params?.["taskId"]);
    default:
      return undefined;
  }
}

export interface Failure {
  /** The JSON-RPC code as text, `tool_error`, or `task_failed`. */
  type: string;
  message: string;
}

/** Why an answer is a failure: a JSON-RPC error, or a tool's result that says so of itself. */
export function failureOf(message: Message): Failure | undefined {
  if (message.kind === "error") {
    const error = member(message.value, "error");
    const code = error?.["code"];
    return { type: typeof code === "number" ? String(code) : "error", message: text(error?.["message"]) ?? "" };
  }
  const result = member(message.value, "result");
  if (result?.["status"] === "failed" && isObject(result["error"])) {
    return { type: "task_failed", message: text(result["error"]["message"]) ?? text(result["statusMessage"]) ?? "" };
  }
  if (result?.["isError"] !== true) return undefined;
  const content = Array.isArray(result["content"]) ? result["content"] : [];
  const first = content.find((item) => isObject(item) && typeof item["text"] === "string");
  return { type: "tool_error", message: isObject(first) ? (text(first["text"]) ?? "") : "" };
}

/** The client as `initialize` (legacy) or every request's `_meta` (modern) names it. */
export function clientOf(method: string, params: JsonObject | undefined): Implementation | undefined {
  if (method === "initialize") return implementation(params?.["clientInfo"]);
  return implementation(member(params, "_meta")?.[`${META_PREFIX}clientInfo`]);
}

/** The server as the answer to `initialize` (legacy), or any answer's `_meta` (modern), names it. */
export function serverOf(method: string | undefined, result: JsonObject | undefined): Implementation | undefined {
  if (method === "initialize" || method === "server/discover") {
    const named = implementation(result?.["serverInfo"]);
    if (named !== undefined) return named;
  }
  return implementation(member(result, "_meta")?.[`${META_PREFIX}serverInfo`]);
}

/** W3C trace context rides unprefixed in `params._meta` (SEP-414). */
export function traceOf(params: JsonObject | undefined): string | undefined {
  return text(member(params, "_meta")?.["traceparent"]);
}

/** The member of that name if it is an object. */
export function member(value: JsonObject | undefined, name: string): JsonObject | undefined {
  const found = value?.[name];
  return isObject(found) ? found : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function implementation(value: unknown): Implementation | undefined {
  if (!isObject(value) || typeof value["name"] !== "string") return undefined;
  return { name: value["name"], version: text(value["version"]) ?? "" };
}
