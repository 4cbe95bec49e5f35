/** Reads bytes of an open file, wherever they end: files grow, shrink, and say nothing about their size. */
import { readSync } from "node:fs";
import type { OpenFile } from "../places/open-file.ts";

const CHUNK = 1 << 20;
const LEAST_CHUNK = 4 << 10;

/**
 * @param chunk bytes that are asked for at a time
 * @returns fewer than asked for at the end of the file alone
 */
export function bytesAt(descriptor: number, from: number, length: number, chunk: number = CHUNK): Buffer {
  const parts: Buffer[] = [];
  for (let size = 0; size < length;) {
    const part = Buffer.allocUnsafe(Math.min(chunk, length - size));
    const read = readSync(descriptor, part, 0, part.length, from + size);
    if (read === 0) break;
    parts.push(part.subarray(0, read));
    size += read;
  }
  return Buffer.concat(parts);
}

/** @returns undefined for a file that has more than that */
export function wholeFile({ descriptor, stats }: OpenFile, mostBytes: number): Buffer | undefined {
  // Room for what it says, and no more: most files are small.
  const chunk = Math.min(Math.max(stats.size + 1, LEAST_CHUNK), CHUNK);
  const bytes = bytesAt(descriptor, 0, mostBytes + 1, chunk);
  return bytes.length > mostBytes ? undefined : bytes;
}
