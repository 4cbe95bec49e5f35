/** `messageHeaders`: the headers that a message of 2026-07-28 or later repeats, so that whoever is between need not read it. */
import { headerValue } from "./header-value.ts";
import type { Outbound } from "./outbound.ts";

/** Which member of the parameters says what a request is about. */
const NAMED_BY: Record<string, string> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

export function messageHeaders({ method, params }: Outbound, version: string): Record<string, string> {
  const headers: Record<string, string> = {
    "mcp-protocol-version": headerValue(version),
    "mcp-method": headerValue(method),
  };
  const member = Object.hasOwn(NAMED_BY, method) ? NAMED_BY[method] : undefined;
  const name = member === undefined ? undefined : params?.[member];
  if (typeof name === "string") headers["mcp-name"] = headerValue(name);
  return headers;
}
