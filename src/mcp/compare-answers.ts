/** `compareAnswers`: where two answers to the same request differ. */
import { isObject } from "../wire/jsonrpc.ts";

/** A side that has nothing at this place has no member here: `null` is a value. */
export interface Difference {
  /** `result.content[0].text` */
  path: string;
  recorded?: unknown;
  replayed?: unknown;
}

/**
 * Compares what the answers say: their ids and the order of members do not matter. Integers that a double cannot hold are
 * compared by their digits, and appear in the differences as values that `JSON.stringify` writes with these digits.
 *
 * @param recorded a JSON-RPC answer as text, as `replayed` is
 */
export function compareAnswers(recorded: string, replayed: string): Difference[] {
  return compareValues(contentOf(recorded), contentOf(replayed));
}

/** @param recorded as `parseExactly` makes it, as is `replayed` */
export function compareValues(recorded: unknown, replayed: unknown): Difference[] {
  const differences: Difference[] = [];
  compare("", recorded, replayed, differences);
  return differences;
}

/** What an answer says. */
export function contentOf(answer: string): unknown {
  const value = parseExactly(answer);
  if (!isObject(value)) return value;
  const { id: _id, jsonrpc: _jsonrpc, ...content } = value;
  return content;
}

declare global {
  // Of ECMAScript 2026; TypeScript 7.0 does not know them yet.
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/** JSON whose integers keep all their digits: those that a double cannot hold are values that `JSON.stringify` writes. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, exact);
}

function exact(_key: string, value: unknown, { source }: { source?: string }): unknown {
  const isRounded = typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return isRounded && source !== undefined ? JSON.rawJSON(source) : value;
}

function compare(path: string, recorded: unknown, replayed: unknown, differences: Difference[]): void {
  if (Array.isArray(recorded) && Array.isArray(replayed)) {
    for (let i = 0; i < Math.max(recorded.length, replayed.length); i++) {
      compareMembers(`${path}[${i}]`, String(i), recorded, replayed, differences);
    }
  } else if (isContainer(recorded) && isContainer(replayed)) {
    for (const name of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
      compareMembers(memberPath(path, name), name, recorded, replayed, differences);
    }
  } else if (JSON.stringify(recorded) !== JSON.stringify(replayed)) differences.push({ path, recorded, replayed });
}

function compareMembers(path: string, name: string, recorded: object, replayed: object, to: Difference[]): void {
  const [before, after] = [ownMember(recorded, name), ownMember(replayed, name)];
  if (before !== undefined && after !== undefined) compare(path, before.value, after.value, to);
  else if (before !== undefined) to.push({ path, recorded: before.value });
  else if (after !== undefined) to.push({ path, replayed: after.value });
}

function ownMember(of: object, name: string): { value: unknown } | undefined {
  const descriptor = Object.getOwnPropertyDescriptor(of, name);
  return descriptor === undefined ? undefined : { value: descriptor.value };
}

function isContainer(value: unknown): value is object {
  return isObject(value) && !JSON.isRawJSON(value);
}

/** `result.content`, or with brackets where the name is no plain one. */
export function memberPath(path: string, name: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}
