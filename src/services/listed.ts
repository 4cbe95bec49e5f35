/** `listed`: the answer of a tool that lists: a page of rows, with a first line that says how many there are. */
import { counted } from "../counted.ts";
import { commonLabels, type Labels, seriesName } from "./labels.ts";
import { page } from "./page.ts";
import type { Answer } from "./tool.ts";

export interface List<T> {
  all: readonly T[];
  /** What they are: `targets`. */
  what: string;
  /** What one of them is, where that is not `what` without its s. */
  one?: string;
  limit: number;
  token: string | undefined;
  /** What the list depends on. */
  question: unknown;
  mostBytes: number;
  /** The first line; unless given, how many there are. */
  head?: string | undefined;
  note?: string | undefined;
  /** Where the items have labels: what all of a page have alike is said once, above them. */
  labelsOf?: (item: T) => Labels;
  /** @param common labels that have been said */
  line(item: T, common: Labels): string;
}

/** What is kept free for all that stands around the items. */
const AROUND_BYTES = 2048;

export function listed<T, D extends object>(list: List<T>, data: (items: T[], total: number) => D): Answer<D> {
  const { all, what, one = what.replace(/s$/, ""), limit, token, question, mostBytes, line, labelsOf } = list;
  const { items, next, note } = page(all, what, { limit, token, question, mostBytes: mostBytes - AROUND_BYTES });
  const common = labelsOf === undefined ? {} : commonLabels(items.map(labelsOf));
  const head = [list.head ?? counted(all.length, one, what)];
  if (Object.keys(common).length > 0) head.push(`all with ${seriesName(common)}`);
  const said = [note, list.note].filter((one) => one !== undefined && one !== "").join(" ");
  return {
    data: data(items, all.length),
    text: [...head, ...items.map((item) => line(item, common))].join("\n"),
    ...(next !== undefined && { next }),
    ...(said !== "" && { note: said }),
  };
}
