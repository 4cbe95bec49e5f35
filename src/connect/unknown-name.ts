/** `unknownName`: the error for a tool or prompt that a server does not list, with what was probably meant. */
import { closest } from "../closest.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import type { NamedItem } from "../mcp/list-all.ts";

const MOST_LISTED = 10;

/** @param what such as "tool" */
export function unknownName(what: string, name: string, items: readonly NamedItem[]): KmError {
  const names = items.map((item) => item.name);
  const nearest = closest(name, names);
  const some = names.slice(0, MOST_LISTED).join(", ");
  const more = names.length - MOST_LISTED;
  const all = names.length === 0 ? `It has no ${what}s.` : `It has ${some}${more > 0 ? ` and ${more} more` : ""}.`;
  return new KmError("USAGE", `No such ${what}: ${echoed(name)}`, {
    hint: nearest === undefined ? all : `Did you mean ${nearest}?`,
  });
}
