/** What stands at a place of an object that a cluster has given, whatever is or is not there. */
import { isMapping } from "../is-mapping.ts";

/** Undefined where the way ends before. */
export function member(value: unknown, ...path: (string | number)[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof step === "number") at = Array.isArray(at) ? at[step] : undefined;
    else at = isMapping(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at;
}

export function textAt(value: unknown, ...path: (string | number)[]): string | undefined {
  const found = member(value, ...path);
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: unknown, ...path: (string | number)[]): number | undefined {
  const found = member(value, ...path);
  return typeof found === "number" ? found : undefined;
}

export function listAt(value: unknown, ...path: (string | number)[]): unknown[] {
  const found = member(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function mappingAt(value: unknown, ...path: (string | number)[]): Record<string, unknown> {
  const found = member(value, ...path);
  return isMapping(found) ? found : {};
}
