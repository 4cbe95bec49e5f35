/** The words for a key that does not exist, with the one that was probably meant. */
import { closest } from "../closest.ts";
import { isKey, KEYS } from "./keys.ts";
import { describe } from "./problem.ts";

/** @param key with its path; one that exists can only have been written with its dots into a file */
export function unknownKey(key: string): { message: string; hint?: string } {
  const message = `Unknown key ${describe(key)}`;
  if (isKey(key)) return { message, hint: `Write ${key.replaceAll(".", ": ")}, each name on a line of its own.` };
  const names = [...KEYS.keys()];
  const below = names.find((name) => name.startsWith(`${key}.`));
  if (below !== undefined) return { message, hint: `It is a group: name one of its keys, such as ${below}.` };
  // The comparison takes time by the length of the word.
  if (key.length > 64) return { message };
  const groups = names.filter((name) => name.includes(".")).map((name) => name.slice(0, name.lastIndexOf(".")));
  const nearest = names.find((name) => name.endsWith(`.${key}`)) ?? closest(key, [...names, ...groups]);
  return nearest === undefined ? { message } : { message, hint: `Did you mean ${nearest}?` };
}
