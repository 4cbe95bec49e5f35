/** `showResult` and `showItems`: what a server answered in a conversation, as the user wants to see it. */
import type { NamedItem } from "../mcp/list-all.ts";
import { terminalWidth } from "../terminal.ts";
import { listText } from "./offer-text.ts";
import type { Part } from "./result-parts.ts";
import { dataText } from "./show-parts.ts";
import type { Talk } from "./talk.ts";

export async function showResult(talk: Talk, parts: () => Part[], text: string): Promise<void> {
  const { isTerminal } = talk.options;
  if (talk.output === "json") await talk.data(dataText(`${text}\n`, isTerminal));
  else if (talk.output === "yaml") {
    const { yamlText } = await import("./yaml-text.ts");
    await talk.data(dataText(yamlText(text), isTerminal));
  } else await talk.data(await talk.options.shown(parts()));
}

/** A table, or each as the server sent it. */
export async function showItems(talk: Talk, items: readonly NamedItem[], header: string): Promise<void> {
  const { isTerminal } = talk.options;
  const texts = items.map(({ text }) => text);
  if (talk.output === "json") await talk.data(dataText(texts.map((text) => `${text}\n`).join(""), isTerminal));
  else if (talk.output === "yaml") {
    const { yamlText } = await import("./yaml-text.ts");
    await talk.data(dataText(yamlText(`[${texts.join(",")}]`), isTerminal));
  } else await talk.data(listText(items, header, talk.options.colours, terminalWidth()));
}
