/** Where lines of a large file begin, found out from its bytes, a part at a time. */
import { pause } from "../../../process/pause.ts";
import { bytesAt } from "./file-bytes.ts";

const PART = 1 << 20;
const LINE_FEED = 10;

/** @returns the byte at which that line begins, counted from 1; undefined where the file has fewer */
export async function lineStart(descriptor: number, line: number, signal: AbortSignal): Promise<number | undefined> {
  let left = line - 1;
  for (let from = 0; left > 0; from += PART) {
    signal.throwIfAborted();
    const part = bytesAt(descriptor, from, PART);
    for (let at = part.indexOf(LINE_FEED); at >= 0; at = part.indexOf(LINE_FEED, at + 1)) {
      if (--left === 0) return from + at + 1;
    }
    if (part.length < PART) return undefined;
    await pause(0);
  }
  return 0;
}

/**
 * @param most how far back it may be
 * @returns the byte at which the last lines begin; where they are longer than `most`, a byte within them
 */
export function lastLines(descriptor: number, size: number, lines: number, most: number): number {
  const from = Math.max(0, size - most);
  const part = bytesAt(descriptor, from, size - from);
  let left = lines;
  // A line feed at the end begins no line.
  for (
    let at = part.lastIndexOf(LINE_FEED, part.length - 2);
    at >= 0;
    at = at === 0 ? -1 : part.lastIndexOf(LINE_FEED, at - 1)
  ) {
    if (--left === 0) return from + at + 1;
  }
  return from;
}
