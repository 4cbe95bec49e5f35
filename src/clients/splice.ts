/** `applySplices`: replaces pieces of a text and nothing else of it. */
import type { Span } from "./text-tree.ts";

export interface Splice extends Span {
  text: string;
}

/** @returns undefined where two of them overlap */
export function applySplices(text: string, splices: Splice[]): string | undefined {
  const pieces: string[] = [];
  let end = 0;
  for (const splice of splices.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (splice.start < end) return undefined;
    pieces.push(text.slice(end, splice.start), splice.text);
    end = splice.end;
  }
  return [...pieces, text.slice(end)].join("");
}

/** The piece of the text from the first to the last of the splices, as it is and as they make it. */
export function hullOf(text: string, splices: Splice[]): { before: string; after: string } {
  const start = Math.min(...splices.map((splice) => splice.start));
  const end = Math.max(...splices.map((splice) => splice.end));
  const shifted = splices.map((splice) => ({ ...splice, start: splice.start - start, end: splice.end - start }));
  const before = text.slice(start, end);
  return { before, after: applySplices(before, shifted) ?? before };
}
