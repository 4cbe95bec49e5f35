/** What arguments of several prompts may be. */
import * as v from "valibot";
import { described, text } from "../guard/policy/schema-parts.ts";
import type { CompletionCall } from "./completer.ts";

/** @param words what it is, for people */
export function wordArgument(words: string) {
  return v.pipe(text("a text", 500), v.description(words));
}

export function optionalWord(words: string) {
  return described(words, text("a text", 500));
}

export const connectionArgument = optionalWord("Which connection; needed where there are several");

/** For a service that has connections by their names. */
export function connectionNames({ backend }: CompletionCall<{ connections: ReadonlyMap<string, unknown> }>): string[] {
  return [...backend.connections.keys()];
}
