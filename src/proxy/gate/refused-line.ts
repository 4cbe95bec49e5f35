/** Who is told of a line that was refused, as far as the line tells. No I/O. */
import { folded } from "../../guard/policy/name-matcher.ts";
import { topLevelTokens } from "../../wire/jsonrpc.ts";

/** The error of JSON-RPC for what is no valid request. */
const INVALID_REQUEST = -32600;

export interface Addressed {
  /** The text of its id, where it has exactly one; `null` for a request that has several, as JSON-RPC has it. */
  id: string | undefined;
  /** Whether its sender waits for an answer. */
  isRequest: boolean;
}

export function addressed(text: string): Addressed {
  let id: string | undefined;
  let ids = 0;
  let isRequest = false;
  let name: unknown;
  try {
    for (const { start, end, isKey } of topLevelTokens(text)) {
      if (isKey) {
        name = JSON.parse(text.slice(start, end));
        if (typeof name === "string") isRequest ||= folded(name) === "method";
      } else if (name === "id") {
        ids++;
        id = text.slice(start, end);
      }
    }
  } catch {
    // What stands behind that cannot be made out.
  }
  if (ids > 1) return { id: isRequest ? "null" : undefined, isRequest };
  return { id: id !== undefined && isId(id) ? id : undefined, isRequest };
}

/** A line of JSON without its line feed. */
export function refusal(id: string, { by, reason }: { by: string; reason: string }): string {
  const message = JSON.stringify(`Blocked by ${by}: ${reason}`);
  return `{"jsonrpc":"2.0","id":${id},"error":{"code":${INVALID_REQUEST},"message":${message},"data":{"by":${JSON.stringify(by)}}}}`;
}

function isId(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" || typeof value === "number";
  } catch {
    return false;
  }
}
