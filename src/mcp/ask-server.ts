/** `askServer`: asks an MCP server what it offers: its tools, prompts and resources. Without I/O of its own. */
import { failureOf } from "./answer.ts";
import { Conversation } from "./conversation.ts";
import { greet } from "./handshake.ts";
import { listAll, listingFailure, LISTS } from "./list-all.ts";
import type { ServerLink } from "./server-link.ts";

export interface ServerOffer {
  /** As it calls itself. */
  name: string | undefined;
  /** What it wants the model to be told. */
  instructions: string | undefined;
  /** As it sent them; anything may be among them. */
  tools: unknown[];
  prompts: unknown[];
  resources: unknown[];
  resourceTemplates: unknown[];
  /** What could not be had, one sentence each. */
  missing: string[];
}

/** More requests of its own are not answered: it may never read the answers. */
const MOST_ANSWERS = 1000;
const NOTHING = { legacy: "{}", modern: "{}" };

/**
 * Begins as clients before 2026-07-28 do; of a server that knows only that revision it asks by its rules.
 *
 * @param signal ends the conversation; what has come by then is returned
 * @returns why there is no offer, where the server does not answer as MCP requires
 */
export async function askServer(link: ServerLink, signal: AbortSignal): Promise<ServerOffer | string> {
  const conversation = new Conversation(link, { signal, mostAnswers: MOST_ANSWERS });
  const greeting = await greet(conversation, { protocol: "initialize", capabilities: NOTHING, probeMs: 0 });
  if (!("era" in greeting)) return `no answer to initialize: ${failureOf(greeting).slice(0, LONGEST_REASON)}`;
  const { capabilities, name, instructions } = greeting;
  const offer: ServerOffer = {
    name,
    instructions,
    tools: [],
    prompts: [],
    resources: [],
    resourceTemplates: [],
    missing: [],
  };
  for (const list of ["tools", "prompts", "resources", "resourceTemplates"] as const) {
    const { method, capability } = LISTS[list];
    // Tools are what matters most: they are asked for whatever the server says that it can.
    const isOffered = capability in capabilities;
    if (!isOffered && list !== "tools") continue;
    const listing = await listAll(conversation, list);
    offer[list].push(...listing.items.map(({ value }) => value));
    const failure = listingFailure(listing);
    if (failure !== undefined && (isOffered || conversation.isOver))
      offer.missing.push(`${method}: ${failure.slice(0, LONGEST_REASON)}`);
    if (conversation.isOver) break;
  }
  return offer;
}

const LONGEST_REASON = 200;
