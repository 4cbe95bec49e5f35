/** `linkProblem`: why the link to a server has answered in its place: nobody could be reached, or nobody could log in. */
import type { Refusal } from "../mcp/handshake.ts";
import { isObject } from "../wire/jsonrpc.ts";

export interface LinkProblem {
  host: string;
  /** What was found: "it refuses the connection". */
  reason: string;
  /** What can be done about it. */
  hint: string | undefined;
}

/** What links answer with (`errorLine` of http/), which are no codes of the server. */
const SERVER_ERROR = -32000;

/** Undefined for what the server itself has answered. */
export function linkProblem(answer: Refusal): LinkProblem | undefined {
  if (answer.kind !== "error" || answer.code !== SERVER_ERROR) return undefined;
  if (!isObject(answer.data)) return undefined;
  const { url, reason, hint } = answer.data;
  if (typeof url !== "string" || typeof reason !== "string" || !URL.canParse(url)) return undefined;
  return { host: new URL(url).host, reason, hint: typeof hint === "string" ? hint : undefined };
}
