/** `listTools`: asks a server of 2026-07-28 for all its tools, in the name of who calls one of them. */
import { isObject, type JsonObject, readLine } from "../wire/jsonrpc.ts";
import { readAnswer, type Take } from "./answer-body.ts";
import { discard, type Reply } from "./http-client.ts";
import { type Outbound, readOutbound } from "./outbound.ts";

const MOST_PAGES = 100;

/** @returns the results, as far as they could be had */
export async function listTools(
  { params }: Outbound,
  post: (listing: Outbound) => Promise<Reply>,
  answerTimeoutMs: number,
): Promise<JsonObject[]> {
  const pages: JsonObject[] = [];
  for (let cursor: unknown; pages.length < MOST_PAGES;) {
    const request = {
      jsonrpc: "2.0",
      id: "km-tools",
      method: "tools/list",
      params: { cursor, _meta: params?.["_meta"] },
    };
    const reply = await post(readOutbound(JSON.stringify(request)));
    if (reply.state !== "answered") break;
    if (!reply.response.ok) {
      await discard(reply.response);
      break;
    }
    const last = pages.length;
    const take: Take = (line) => {
      const read = readLine(line);
      if (read.kind === "response" && isObject(read.value["result"])) pages.push(read.value["result"]);
      return true;
    };
    await readAnswer(reply.response, take, answerTimeoutMs);
    cursor = pages[last]?.["nextCursor"];
    if (typeof cursor !== "string") break;
  }
  return pages;
}
