/** `RawClient`: sends messages of MCP over HTTP as they are, also such as no client would, in both eras. */
import type { StartedServe } from "../host/run-serve.ts";

export interface RawAnswer {
  status: number;
  /** What was answered, also where that came as an event. */
  message: {
    result?: { isError?: boolean; content?: { text?: string }[]; [name: string]: unknown };
    error?: { code: number; message: string };
  };
  text: string;
  session: string | undefined;
}

export interface RawOptions {
  path?: string;
  key?: string | undefined;
  headers?: Record<string, string>;
  session?: string | undefined;
  signal?: AbortSignal;
}

export const MODERN = "2026-07-28";

/** @param capabilities of the client */
export function modernMeta(capabilities: object = {}): Record<string, unknown> {
  return {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
}

/** @param body sent as it is where it is a text */
export async function post(
  { origin }: StartedServe,
  body: unknown,
  { path = "/mcp", key, headers = {}, session, signal }: RawOptions = {},
): Promise<RawAnswer> {
  const response = await fetch(new URL(path, origin), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(session !== undefined && { "mcp-session-id": session }),
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  });
  const text = await response.text();
  const json = text.startsWith("{")
    ? text
    : (text
        .match(/^data: (\{.*)$/gm)
        ?.at(-1)
        ?.slice(6) ?? "{}");
  const session2 = response.headers.get("mcp-session-id") ?? undefined;
  return { status: response.status, message: JSON.parse(json), text, session: session2 };
}

/** Of the modern era. @param args as JSON where it is a text */
export async function call(
  served: StartedServe,
  name: string,
  args: unknown,
  options: RawOptions & { capabilities?: object; more?: object } = {},
): Promise<RawAnswer> {
  const { capabilities, more = {}, headers = {}, ...rest } = options;
  const params = { name, _meta: modernMeta(capabilities), ...more };
  const written = typeof args === "string" ? args : JSON.stringify(args);
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${JSON.stringify(params).slice(0, -1)},"arguments":${written}}}`;
  const said = { "mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": name };
  return await post(served, body, { ...rest, headers: { ...said, ...headers } });
}

/** Begins a session of the legacy era. */
export async function session(served: StartedServe, options: RawOptions = {}): Promise<string> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const begun = await post(served, { jsonrpc: "2.0", id: 0, method: "initialize", params }, options);
  if (begun.session === undefined) throw new Error(`no session: ${begun.text}`);
  await post(served, { jsonrpc: "2.0", method: "notifications/initialized" }, { ...options, session: begun.session });
  return begun.session;
}

export function textOf({ message }: RawAnswer): string {
  return (message.result?.content ?? []).map(({ text = "" }) => text).join("\n") || (message.error?.message ?? "");
}
