/** Arguments of tools whose answer is a list: what is searched for, how much of each, how many. */
import * as v from "valibot";
import { described, text } from "../guard/policy/schema-parts.ts";
import { connectionArgument } from "./backend/connections.ts";
import { continueArgument, limitArgument } from "./page.ts";

export const searchArgument = described("Words in it", text("words", 200));

export const detailArgument = v.optional(v.pipe(v.boolean("true or false"), v.description("All of each")), false);

/** What a tool takes whose answer is a list. */
export function listArguments(usual: number) {
  return { limit: limitArgument(usual), continue: continueArgument, connection: connectionArgument };
}

/** Whether all words are in the text; capital letters are like small ones. */
export function hasWords(text: string, words: string | undefined): boolean {
  const lower = text.toLowerCase();
  return (words ?? "")
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
