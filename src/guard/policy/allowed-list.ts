/** `allowedList`: a list of tools, prompts or resources without what a policy denies whatever the arguments. */
import { type Place, removals, withChanges } from "../json-places.ts";
import { readTree, stringOf } from "./json-tree.ts";
import { named } from "./asked.ts";
import type { CompiledPolicy } from "./compiled.ts";
import { Level } from "./level.ts";
import { Places } from "./places.ts";

export type AllowedList =
  /** Undefined where nothing is left out. */
  | { text: string | undefined; count: number }
  /** Readers may see different lists in it. */
  | { unclear: string };

const LISTS = {
  "tools/list": { kind: "tool", list: "tools", name: "name" },
  "prompts/list": { kind: "prompt", list: "prompts", name: "name" },
  "resources/list": { kind: "resource", list: "resources", name: "uri" },
} as const;

export type ListMethod = keyof typeof LISTS;

export function isListMethod(method: string): method is ListMethod {
  return Object.hasOwn(LISTS, method);
}

/**
 * All other characters of the answer stay as they are.
 *
 * @param server its name
 */
export function allowedList(answer: string, method: ListMethod, policy: CompiledPolicy, server: string): AllowedList {
  const { kind, list, name } = LISTS[method];
  const hiding = policy.levels.filter((level) => level.mode === "enforce" && level.lists === "allowed");
  const places = new Places(); // arguments are not looked at
  const levels = hiding.map((level) => new Level(level, server, places));
  const tree = readTree(answer);
  if (tree?.kind !== "object") return { unclear: "it is not JSON to every reader" };
  const result = named(tree, "result");
  if (result.doubt !== undefined) return result.doubt;
  if (result.value?.kind !== "object") return { text: undefined, count: 0 };
  const listed = named(result.value, list);
  if (listed.doubt !== undefined) return listed.doubt;
  if (listed.value?.kind !== "array") return { text: undefined, count: 0 };
  const isRemoved: boolean[] = [];
  for (const item of listed.value.items) {
    const { value, doubt } = item.kind === "object" ? named(item, name) : {};
    if (doubt !== undefined) return doubt;
    const called = value && stringOf(answer, value);
    // What has no name here may have one to a lenient client.
    isRemoved.push(called === undefined || !levels.every((level) => level.mayAllow(kind, called)));
  }
  const count = isRemoved.filter(Boolean).length;
  if (count === 0) return { text: undefined, count };
  const items: Place[] = listed.value.items;
  return {
    text: withChanges(
      answer,
      removals(answer, listed.value, items, (index) => isRemoved[index] ?? true),
    ),
    count,
  };
}
