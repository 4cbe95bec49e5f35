/** `compareShapes`: where two values are built in different ways, whatever stands in them. */
import { memberPath, type Difference } from "../mcp/compare-answers.ts";
import { isObject } from "../wire/jsonrpc.ts";

/** What is known of a value, or of all elements of an array together. */
interface Shape {
  types: Set<string>;
  members: Map<string, Shape>;
  /** Undefined where no array had any. */
  elements: Shape | undefined;
}

/**
 * Elements of an array count together: a member that only some of them have is a member, and an array without elements is
 * like any.
 *
 * @returns types in place of values: `"string"`, `"number | null"`
 */
export function compareShapes(recorded: unknown, replayed: unknown): Difference[] {
  const differences: Difference[] = [];
  compare("", shapeOf(recorded), shapeOf(replayed), differences);
  return differences;
}

function shapeOf(value: unknown): Shape {
  const shape: Shape = { types: new Set([typeOf(value)]), members: new Map(), elements: undefined };
  if (Array.isArray(value)) for (const element of value) shape.elements = merged(shape.elements, shapeOf(element));
  else if (isObject(value) && !JSON.isRawJSON(value)) {
    for (const [name, member] of Object.entries(value)) shape.members.set(name, shapeOf(member));
  }
  return shape;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return JSON.isRawJSON(value) ? "number" : typeof value;
}

function merged(one: Shape | undefined, other: Shape | undefined): Shape | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const members = new Map(one.members);
  for (const [name, shape] of other.members) members.set(name, merged(members.get(name), shape) ?? shape);
  return { types: one.types.union(other.types), members, elements: merged(one.elements, other.elements) };
}

function compare(path: string, recorded: Shape, replayed: Shape, to: Difference[]): void {
  const [before, after] = [textOf(recorded), textOf(replayed)];
  if (before !== after) {
    to.push({ path, recorded: before, replayed: after });
    return;
  }
  for (const name of new Set([...recorded.members.keys(), ...replayed.members.keys()])) {
    const [was, is] = [recorded.members.get(name), replayed.members.get(name)];
    const at = memberPath(path, name);
    if (was !== undefined && is !== undefined) compare(at, was, is, to);
    else if (was !== undefined) to.push({ path: at, recorded: textOf(was) });
    else if (is !== undefined) to.push({ path: at, replayed: textOf(is) });
  }
  if (recorded.elements !== undefined && replayed.elements !== undefined) {
    compare(`${path}[]`, recorded.elements, replayed.elements, to);
  }
}

function textOf({ types }: Shape): string {
  return [...types].sort().join(" | ");
}
