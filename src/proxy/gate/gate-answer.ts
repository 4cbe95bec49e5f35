/** What km sends in place of an answer that the other side would have given, or that its receiver shall not see. */
import type { Direction } from "../../stream/event.ts";
import { isObject, memberText, type Message } from "../../wire/jsonrpc.ts";
import { member } from "../../wire/mcp.ts";

type Request = Message & { kind: "request" };

/** In the range that JSON-RPC leaves to servers, outside the part of it that MCP has reserved (-32020 and below). */
export const BLOCKED = -32010;

/**
 * One line of JSON without its line feed.
 *
 * @param text that of the request, for the exact id
 * @param direction that of the request
 */
export function blockedAnswer(
  request: Request,
  text: string,
  direction: Direction,
  { by, reason }: { by: string; reason: string },
): string {
  const words = `Blocked by ${by}: ${reason}`;
  const body =
    direction === "request" && awaitsToolResult(request)
      ? { result: { ...resultType(request), content: [{ type: "text", text: words }], isError: true } }
      : { error: { code: BLOCKED, message: words, data: { by } } };
  return answerWith(request, text, JSON.stringify(body).slice(1, -1));
}

/** The same with a result that somebody gives. @param result as JSON */
export function givenAnswer(request: Request, text: string, result: string): string {
  return answerWith(request, text, `"result":${result}`);
}

function answerWith(request: Request, text: string, body: string): string {
  return `{"jsonrpc":"2.0","id":${idText(text) ?? request.id},${body}}`;
}

/** A call that shall become a task is not answered with a tool's result, but with the task, or an error. */
function awaitsToolResult({ method, value }: Request): boolean {
  return method === "tools/call" && member(member(value, "params"), "task") === undefined;
}

/** Revision 2026-07-28, which each of its requests names, insists on it; the revisions before do not know it. */
function resultType({ value }: Request): { resultType?: "complete" } {
  const meta = member(member(value, "params"), "_meta");
  return meta !== undefined && "io.modelcontextprotocol/protocolVersion" in meta ? { resultType: "complete" } : {};
}

function idText(text: string): string | undefined {
  try {
    return isObject(JSON.parse(text)) ? memberText(text, "id") : undefined;
  } catch {
    return undefined; // JSON only to a lenient reader
  }
}
