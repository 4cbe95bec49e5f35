/**
 * `maskedData`: what a tool has found, secrets masked, and still of the types that its schema says: what is no text and would
 * become one is left out, which published schemas allow (`published-schema.ts`).
 */
import { isMapping } from "../../is-mapping.ts";

export type Redact = (text: string) => string;

/** @param data plain, as JSON has it */
export function maskedData(data: Record<string, unknown>, redact: Redact): Record<string, unknown> {
  const json = JSON.stringify(data);
  const masked = redact(json);
  if (masked === json) return data;
  const kept = sameTypes(JSON.parse(json), JSON.parse(masked));
  return isMapping(kept) ? kept : {};
}

const LEFT_OUT = Symbol("left out");

/** The redactor changes values alone: members and items are where they were. */
function sameTypes(before: unknown, after: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(after)) {
    return before.map((item, index) => sameTypes(item, after[index])).filter((item) => item !== LEFT_OUT);
  }
  if (isMapping(before) && isMapping(after)) {
    const members = Object.entries(before).map(([name, value]) => [name, sameTypes(value, after[name])] as const);
    return Object.fromEntries(members.filter(([, value]) => value !== LEFT_OUT));
  }
  return typeof before === typeof after && Array.isArray(before) === Array.isArray(after) ? after : LEFT_OUT;
}
