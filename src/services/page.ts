/**
 * `page`: as many items of a list as an answer may hold, from where the last page ended, and how the next one is asked for. What
 * a token means is nobody's affair but the tool's: it says where to go on, and for what question.
 */
import * as v from "valibot";
import { KmError } from "../errors.ts";
import { described, text } from "../guard/policy/schema-parts.ts";

export interface Page<T> {
  items: T[];
  /** Of the next page, for the argument `continue`; undefined on the last. */
  next: string | undefined;
  /** "Shown are 20 of 314 pods; ..." where there is more. */
  note: string | undefined;
}

export const continueArgument = described("next of the last answer", text("a token", 4096));

const LEAST_LIMIT = 1;
const WORDS = "a whole number from 1 to 500";

/** How many items at most, as an argument of a tool: its name says so, in each of many tools. */
export function limitArgument(usual: number) {
  const limit = v.pipe(v.number(WORDS), v.safeInteger(WORDS), v.minValue(LEAST_LIMIT, WORDS), v.maxValue(500, WORDS));
  return v.optional(limit, usual);
}

const TOKEN = v.strictObject({ from: v.pipe(v.number(), v.safeInteger(), v.minValue(0)), of: v.string() });

/**
 * @param what they are, for the note: `pods`
 * @param question what the list depends on: a token of another question is refused
 * @param mostBytes of the items as JSON; at least one item is on each page
 * @throws KmError SVC_001 for a token that is not of this list
 */
export function page<T>(
  all: readonly T[],
  what: string,
  {
    limit,
    token,
    question,
    mostBytes,
  }: { limit: number; token: string | undefined; question: unknown; mostBytes: number },
): Page<T> {
  const of = Bun.hash(JSON.stringify(question)).toString(36);
  const from = token === undefined ? 0 : startOf(token, of);
  const items: T[] = [];
  let bytes = 0;
  for (const item of all.slice(from, from + limit)) {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    if (items.length > 0 && bytes > mostBytes) break;
    items.push(item);
  }
  const end = from + items.length;
  if (end >= all.length) return { items, next: undefined, note: undefined };
  const next = Buffer.from(JSON.stringify({ from: end, of })).toString("base64url");
  const note = `Shown are ${from + 1} to ${end} of ${all.length} ${what}; ask for the others with continue.`;
  return { items, next, note };
}

function startOf(token: string, of: string): number {
  const read = v.safeParse(TOKEN, decoded(token));
  if (read.success && read.output.of === of) return read.output.from;
  throw new KmError("SVC_001", "Argument continue is no token of this list", {
    hint: "Give next of the last answer as it is, with the same other arguments; or leave it out to begin anew.",
  });
}

function decoded(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    return undefined;
  }
}
