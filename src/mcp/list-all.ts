/** `listAll`: all pages of what a server lists, each item with the text it was sent as. */
import { isObject, type JsonObject, memberText, topLevelTokens } from "../wire/jsonrpc.ts";
import { type Answer, failureOf } from "./answer.ts";
import type { Conversation, RequestOptions } from "./conversation.ts";

export interface Item {
  /** Anything may be among them. */
  value: unknown;
  text: string;
}

export interface Listing {
  items: Item[];
  /** Why these are not all. */
  failure?: Exclude<Answer, { kind: "result" }>;
}

export const LISTS = {
  tools: { method: "tools/list", capability: "tools" },
  prompts: { method: "prompts/list", capability: "prompts" },
  resources: { method: "resources/list", capability: "resources" },
  resourceTemplates: { method: "resources/templates/list", capability: "resources" },
} as const;

export type ListName = keyof typeof LISTS;

/** A server that never comes to an end is not asked further. */
const MOST_PAGES = 200;
const MOST_ITEMS = 20_000;

export async function listAll(
  conversation: Conversation,
  list: ListName,
  options: RequestOptions = {},
): Promise<Listing> {
  const cursors = new Set<string>();
  const items: Item[] = [];
  for (let cursor: string | undefined; ;) {
    const params = cursor === undefined ? "{}" : JSON.stringify({ cursor });
    const answer = await conversation.request(LISTS[list].method, params, options);
    if (answer.kind !== "result") return { items, failure: answer };
    const page = answer.value[list];
    if (!Array.isArray(page)) return { items, failure: { kind: "none", reason: `its answer has no ${list}` } };
    const texts = elementTexts(memberText(answer.text, list) ?? "[]");
    const room = page.slice(0, MOST_ITEMS - items.length);
    items.push(...room.map((value, index): Item => ({ value, text: texts[index] ?? "" })));
    const { nextCursor } = answer.value;
    if (typeof nextCursor !== "string") return { items };
    if (items.length === MOST_ITEMS || cursors.size === MOST_PAGES) return tooFar(items, "there are too many of them");
    if (cursors.has(nextCursor)) return tooFar(items, "its pages come back to the same place");
    cursors.add(nextCursor);
    cursor = nextCursor;
  }
}

/** Those that have the name by which they are asked for. */
export function named(items: readonly Item[], member: "name" | "uri" | "uriTemplate" = "name"): NamedItem[] {
  return items.flatMap(({ value, text }) => {
    const name = isObject(value) ? value[member] : undefined;
    return isObject(value) && typeof name === "string" ? [{ name, value, text }] : [];
  });
}

export interface NamedItem {
  name: string;
  value: JsonObject;
  text: string;
}

export function listingFailure({ failure }: Listing): string | undefined {
  return failure === undefined ? undefined : failureOf(failure);
}

function tooFar(items: Item[], reason: string): Listing {
  return { items, failure: { kind: "none", reason } };
}

function elementTexts(array: string): string[] {
  return Array.from(topLevelTokens(array), ({ start, end }) => array.slice(start, end));
}
