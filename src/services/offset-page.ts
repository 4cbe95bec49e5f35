/**
 * `offsetPage`: a page of a list that the backend itself pages by an offset: what has come of it, as far as an answer may hold it,
 * and how the next page is asked for.
 */
import * as v from "valibot";
import { KmError } from "../errors.ts";
import type { Page } from "./page.ts";
import type { Answer } from "./tool.ts";

const TOKEN = v.pipe(
  v.string(),
  v.parseJson(),
  v.strictObject({ from: v.pipe(v.number(), v.safeInteger(), v.minValue(0)), of: v.string() }),
);

/**
 * @param question what the list depends on
 * @returns how many items come before the page
 * @throws KmError SVC_001 for a token that is not of this list
 */
export function offsetOf(token: string | undefined, question: unknown): number {
  if (token === undefined) return 0;
  const read = v.safeParse(TOKEN, Buffer.from(token, "base64url").toString());
  if (read.success && read.output.of === markOf(question)) return read.output.from;
  throw new KmError("SVC_001", "Argument continue is no token of this list", {
    hint: "Give next of the last answer as it is, with the same other arguments; or leave it out to begin anew.",
  });
}

export interface OffsetList<T> {
  /** How many come before the page. */
  offset: number;
  /** Of all pages. */
  total: number;
  question: unknown;
  mostBytes: number;
  /** What they are, for the note: `documents`. */
  what: string;
  /** The first line. */
  head: string;
  /** What is to be said besides. */
  note?: string | undefined;
  line(item: T): string;
}

/** What is kept free for all that stands around the items. */
const AROUND_BYTES = 4096;

/** The answer of a tool whose list the backend pages. */
export function offsetListed<T, D extends object>(
  items: readonly T[],
  list: OffsetList<T>,
  data: (items: T[]) => D,
): Answer<D> {
  const { head, line, mostBytes, ...rest } = list;
  const page = offsetPage(items, { ...rest, mostBytes: mostBytes - AROUND_BYTES });
  const said = [list.note, page.note].filter((one) => one !== undefined).join(" ");
  return {
    data: data(page.items),
    text: [head, ...page.items.map(line)].join("\n"),
    ...(page.next !== undefined && { next: page.next }),
    ...(said !== "" && { note: said }),
  };
}

/**
 * @param items those from the offset on
 * @param total of all pages; where it is not known, any number above those that have come
 * @param what they are, for the note
 */
function offsetPage<T>(
  items: readonly T[],
  {
    offset,
    total,
    question,
    mostBytes,
    what,
  }: { offset: number; total: number; question: unknown; mostBytes: number; what: string },
): Page<T> {
  let bytes = 0;
  const fits = items.findIndex(
    (item, index) => (bytes += Buffer.byteLength(JSON.stringify(item)) + 1) > mostBytes && index > 0,
  );
  const shown = fits < 0 ? items.slice() : items.slice(0, fits);
  const end = offset + shown.length;
  if (end >= total || shown.length === 0) return { items: shown, next: undefined, note: undefined };
  const next = offsetToken(end, question);
  return {
    items: shown,
    next,
    note: `Shown are ${offset + 1} to ${end} of ${total} ${what}; ask for the others with continue.`,
  };
}

/** @param from how many items come before the next page */
export function offsetToken(from: number, question: unknown): string {
  return Buffer.from(JSON.stringify({ from, of: markOf(question) })).toString("base64url");
}

function markOf(question: unknown): string {
  return Bun.hash(JSON.stringify(question)).toString(36);
}
