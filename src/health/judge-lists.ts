/** `judgeLists`: how much a server offers, and what of it clients stumble over. */
import type { McpClient } from "../mcp/client.ts";
import { type Item, listingFailure, type Listing, type ListName, LISTS, named } from "../mcp/list-all.ts";
import { isObject } from "../wire/jsonrpc.ts";
import type { Trouble } from "./server-health.ts";
import { needsAuthentication } from "./shake-hands.ts";
import { failed, type Outcome } from "./step-log.ts";
import { schemaTrouble } from "./tool-schema.ts";
import { counted } from "../counted.ts";

export type Counts = Record<ListName, number>;

/** Of each kind, further ones are only counted. */
const MOST_TROUBLES = 3;
const WORDS: Record<ListName, string> = {
  tools: "tool",
  resources: "resource",
  resourceTemplates: "resource template",
  prompts: "prompt",
};
/** Many servers with resources do not know of templates. */
const METHOD_NOT_FOUND = -32601;

export async function judgeLists(client: McpClient, timeoutMs: number): Promise<Outcome<Counts>> {
  const counts: Counts = { tools: 0, resources: 0, resourceTemplates: 0, prompts: 0 };
  const warnings: Trouble[] = [];
  for (const name of ["tools", "resources", "resourceTemplates", "prompts"] as const) {
    const offered = client.offers(LISTS[name].capability);
    const listing = await client.list(name, { timeoutMs });
    counts[name] = listing.items.length;
    if (listing.failure !== undefined && !isUnoffered(name, offered, listing)) {
      const message = `${LISTS[name].method}: ${listingFailure(listing)}`;
      const isLogin = needsAuthentication(listing.failure);
      // Without its tools a server is of no use; without the others it may be.
      if (isLogin || name === "tools") return failed(message, undefined, isLogin);
      warnings.push({ message });
    }
    warnings.push(...troublesOf(name, listing.items));
  }
  return { state: "passed", value: counts, detail: inWords(counts), warnings };
}

function isUnoffered(name: ListName, offered: boolean, { failure }: Listing): boolean {
  if (!offered) return true;
  return name === "resourceTemplates" && failure?.kind === "error" && failure.code === METHOD_NOT_FOUND;
}

function troublesOf(list: ListName, items: readonly Item[]): Trouble[] {
  const word = WORDS[list];
  const key = list === "resources" ? "uri" : list === "resourceTemplates" ? "uriTemplate" : "name";
  const known = named(items, key);
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name } of known) (seen.has(name) ? twice : seen).add(name);
  const unnamed = items.length - known.length;
  const schemas = list === "tools" ? known.flatMap(({ name, value }) => schemaTroubles(name, value)) : [];
  return [
    ...bounded(
      [...twice].map((name) => ({ message: `${word} ${name} is listed twice`, hint: DUPLICATE })),
      word,
    ),
    ...(unnamed === 0 ? [] : [{ message: `${unnamed} of its ${word}s have no ${key}`, hint: MAKERS }]),
    ...bounded(schemas, "schema"),
  ];
}

const DUPLICATE = "Clients take one of them, or refuse both: tell those who make the server.";
const MAKERS = "Clients may refuse the whole list: tell those who make the server.";

function schemaTroubles(name: string, tool: Record<string, unknown>): Trouble[] {
  return (["inputSchema", "outputSchema"] as const).flatMap((member) => {
    if (member === "outputSchema" && !isObject(tool[member]) && tool[member] === undefined) return [];
    const trouble = schemaTrouble(tool[member]);
    return trouble === undefined ? [] : [{ message: `tool ${name}: its ${member} ${trouble}`, hint: MAKERS }];
  });
}

function bounded(troubles: Trouble[], word: string): Trouble[] {
  const more = troubles.length - MOST_TROUBLES;
  if (more <= 0) return troubles;
  return [...troubles.slice(0, MOST_TROUBLES), { message: `${more} more of the same kind (${word})` }];
}

function inWords({ tools, resources, resourceTemplates, prompts }: Counts): string {
  const all = resources + resourceTemplates;
  return [counted(tools, "tool"), counted(all, "resource"), counted(prompts, "prompt")].join(", ");
}
