/** `patched`: a document changed by the operations of a JSON Patch (RFC 6902): by all of them, or it is an error. */
import { KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import type { Operation } from "./arguments.ts";
import { counted } from "../../counted.ts";

/** A copy. @throws KmError SVC_001: which operation, and why it cannot be done */
export function patched(document: Record<string, unknown>, operations: readonly Operation[]): Record<string, unknown> {
  const root = { document: structuredClone(document) as unknown };
  for (const [index, operation] of operations.entries()) {
    const problem = apply(root, operation);
    if (problem === undefined) continue;
    throw new KmError("SVC_001", `Argument patch, operation ${index} (${operation.op} ${operation.path}): ${problem}`, {
      hint: "Nothing was changed.",
    });
  }
  if (isMapping(root.document)) return root.document;
  throw new KmError("SVC_001", "Argument patch leaves no mapping");
}

interface Place {
  parent: Record<string, unknown> | unknown[];
  key: string;
}

/** @returns what is wrong */
function apply(root: { document: unknown }, { op, path, from, value }: Operation): string | undefined {
  const place = placeOf(root, path);
  if (place === undefined) return "there is nothing at the path to its last step";
  switch (op) {
    case "add":
      return value === undefined ? "value is missing" : add(place, structuredClone(value));
    case "remove":
      return remove(place);
    case "replace":
      if (value === undefined) return "value is missing";
      return has(place) ? set(place, structuredClone(value)) : "there is nothing at the path";
    case "test":
      if (!has(place)) return "there is nothing at the path";
      return Bun.deepEquals(at(place), value, true) ? undefined : "it is something else now";
    case "move":
    case "copy": {
      const source = from === undefined ? undefined : placeOf(root, from);
      if (from === undefined || source === undefined || !has(source)) return "there is nothing at from";
      if (op === "move" && path.startsWith(`${from}/`)) return "it cannot be moved into itself";
      const moved = structuredClone(at(source));
      if (op === "move") remove(source);
      const target = placeOf(root, path);
      return target === undefined ? "there is nothing at the path to its last step" : add(target, moved);
    }
  }
}

function placeOf(root: { document: unknown }, pointer: string): Place | undefined {
  if (pointer === "") return { parent: root, key: "document" };
  const steps = pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const key = steps.pop() ?? "";
  let node: unknown = root.document;
  for (const step of steps) {
    if (!Array.isArray(node) && !isMapping(node)) return undefined;
    const place = { parent: node, key: step };
    if (!has(place)) return undefined;
    node = at(place);
  }
  return Array.isArray(node) || isMapping(node) ? { parent: node, key } : undefined;
}

function has({ parent, key }: Place): boolean {
  return Array.isArray(parent) ? indexOf(key, parent.length - 1) !== undefined : Object.hasOwn(parent, key);
}

function at({ parent, key }: Place): unknown {
  return Array.isArray(parent) ? parent[Number(key)] : parent[key];
}

function add({ parent, key }: Place, value: unknown): string | undefined {
  if (!Array.isArray(parent)) return set({ parent, key }, value);
  const index = key === "-" ? parent.length : indexOf(key, parent.length);
  if (index === undefined) return `the list has ${counted(parent.length, "item")}`;
  parent.splice(index, 0, value);
  return undefined;
}

function set({ parent, key }: Place, value: unknown): undefined {
  if (Array.isArray(parent)) parent[Number(key)] = value;
  // Whatever it is called: `__proto__` too is a member like others.
  else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove(place: Place): string | undefined {
  if (!has(place)) return "there is nothing at the path";
  const { parent, key } = place;
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
  return undefined;
}

function indexOf(key: string, last: number): number | undefined {
  const index = /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : undefined;
  return index === undefined || index > last ? undefined : index;
}
