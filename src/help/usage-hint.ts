/** `usageHint`: what was most likely meant by a flag that other commands have, or take otherwise. */
import type { Flags } from "../command.ts";
import { JSON_ARGUMENTS_HINT } from "../connect/json-arguments.ts";
import { shellWord } from "../shell-word.ts";

export interface Typed {
  /** The command, such as `km call`. */
  path: string;
  /** What stands behind it. */
  words: readonly string[];
  flags: Flags;
}

/** @param message of the error that reading the words ended with */
export function usageHint(message: string, typed: Typed): string | undefined {
  if (message === "Unknown flag --use") return useHint(typed);
  if (message === "Flag --json needs a value" && "output" in typed.flags) return JSON_ARGUMENTS_HINT;
  return undefined;
}

/** Where a server is named without a flag, as the first of all. */
function useHint({ path, words, flags }: Typed): string | undefined {
  const first = Object.values(flags).find((flag) => flag.type === "positional");
  if (first?.complete !== "registered-server") return undefined;
  const at = words.findIndex((word) => /^--use(?:=|$)/.test(word));
  const [, inside] = (words[at] ?? "").split("=", 2);
  const name = inside ?? words[at + 1] ?? "NAME";
  const others = [...words.slice(0, at), ...words.slice(at + (inside === undefined ? 2 : 1))];
  return `A server is named without a flag: ${[path, ...[name, ...others].map(shellWord)].join(" ")}`;
}
