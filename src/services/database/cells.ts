/** Cells of a result as JSON can have them, without losing anything, and cut where they are long. */
import type { Cell } from "./connection.ts";

/** Bytes in hexadecimal, as PostgreSQL writes them: `\x00ff`. */
export function bytesCell(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

/** NaN and the infinities are no JSON. */
export function numberCell(value: number): Cell {
  return Number.isFinite(value) ? value : String(value);
}

/** The shortest decimal that means the same as a float of 32 bits. */
export function floatCell(value: number): Cell {
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return numberCell(value);
}

/** @param mostBytes of its text; 0 for all of it */
export function cutCell(cell: Cell, mostBytes: number): Cell {
  if (typeof cell !== "string" || mostBytes === 0 || cell.length * 3 <= mostBytes) return cell;
  const bytes = Buffer.from(cell);
  if (bytes.length <= mostBytes) return cell;
  const kept = bytes
    .subarray(0, mostBytes)
    .toString("utf8")
    .replace(/\ufffd+$/, "");
  return `${kept}... [cut: ${bytes.length} bytes]`;
}
