/** `printListing`: what a server lists, in the form that was asked for. */
import { dataText } from "../connect/show-parts.ts";
import type { NamedItem } from "../mcp/list-all.ts";
import { print } from "../output.ts";
import { say } from "./say.ts";

/**
 * As JSON a line each, as the server sent them.
 *
 * @param nothing what is said where there are none
 */
export async function printListing(
  items: readonly NamedItem[],
  output: string | undefined,
  nothing: string,
  table: () => string,
): Promise<void> {
  const isTerminal = process.stdout.isTTY;
  switch (output) {
    case "json":
      await print(dataText(items.map(({ text }) => `${text}\n`).join(""), isTerminal));
      break;
    case "yaml": {
      const { yamlText } = await import("../connect/yaml-text.ts");
      await print(dataText(yamlText(`[${items.map(({ text }) => text).join(",")}]`), isTerminal));
      break;
    }
    default:
      if (items.length === 0) say(nothing);
      else await print(table());
  }
}
