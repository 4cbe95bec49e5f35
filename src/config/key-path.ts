/** `findKey`: what a dotted name means, a key or a place inside a key that holds a mapping. */
import { isKey, type Key, KEYS } from "./keys.ts";

export interface KeyPath {
  key: Key;
  /** The names that lead from the key's mapping to the value; none for the key's own value. */
  inside: string[];
}

/** `plugins.configuration.console-logger.level` lies inside of `plugins.configuration`. */
export function findKey(name: string): KeyPath | undefined {
  if (isKey(name)) return { key: name, inside: [] };
  for (const [key, { kind }] of KEYS) {
    if (kind !== "map" || !name.startsWith(`${key}.`)) continue;
    const inside = name.slice(key.length + 1).split(".");
    // Assigning to `__proto__` is no member; nothing is called so in earnest.
    if (!inside.includes("") && !inside.includes("__proto__")) return { key, inside };
  }
  return undefined;
}

/** The value at a place inside another; undefined where there is none. */
export function valueInside(value: unknown, inside: string[]): unknown {
  return inside.reduce<unknown>(
    (node, name) =>
      node !== null && typeof node === "object" && Object.hasOwn(node, name) ? Object(node)[name] : undefined,
    value,
  );
}

/** The mapping that has nothing but `value`, at this place. */
export function mappingAt(inside: string[], value: unknown): unknown {
  return inside.reduceRight((node, name) => Object.fromEntries([[name, node]]), value);
}
