/** `listed`: what a server lists, asked for in a conversation, so that Ctrl-C takes that back too. */
import type { ListName, NamedItem } from "../mcp/list-all.ts";
import type { Talk } from "./talk.ts";

/** @throws KmError where it cannot be had */
export async function listed(talk: Talk, list: ListName): Promise<NamedItem[]> {
  const { catalog } = talk.options;
  await talk.request(async (options) => {
    const { failure } = await catalog.listing(list, options);
    return failure ?? { kind: "result", text: "{}", value: {} };
  }, `Cannot list the ${WORDS[list]}`);
  return await catalog.items(list);
}

const WORDS: Record<ListName, string> = {
  tools: "tools",
  prompts: "prompts",
  resources: "resources",
  resourceTemplates: "resource templates",
};
