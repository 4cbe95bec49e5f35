/** Reads bytes of an open file, wherever they end: files grow, shrink, and say nothing about their size. */
import { readSync } from "node:fs";

const CHUNK = 1 << 20;

/** @returns fewer than asked for at the end of the file alone */
export function bytesAt(descriptor: number, from: number, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let size = 0; size < length;) {
    const part = Buffer.allocUnsafe(Math.min(CHUNK, length - size));
    const read = readSync(descriptor, part, 0, part.length, from + size);
    if (read === 0) break;
    parts.push(part.subarray(0, read));
    size += read;
  }
  return Buffer.concat(parts);
}

/** @returns undefined for a file that has more than that */
export function wholeFile(descriptor: number, mostBytes: number): Buffer | undefined {
  const bytes = bytesAt(descriptor, 0, mostBytes + 1);
  return bytes.length > mostBytes ? undefined : bytes;
}
