/** Journal lines for tests of what hands them on. */
import type { RawLine } from "../../../src/journal/decode.ts";
import { encodeLine } from "../../../src/journal/line.ts";
import type { StreamEvent } from "../../../src/stream/event.ts";

/** @param size of its text, in characters */
export function makeEvent(seq: number, size = 10): StreamEvent {
  const timestamp = "2026-01-02T03:04:05.000000Z";
  return { seq, timestamp, type: "stderr", direction: "response", bytes: size, text: "x".repeat(size) };
}

export function makeLine(seq: number, size = 10): RawLine {
  return { seq, isStop: false, bytes: Buffer.from(encodeLine(makeEvent(seq, size)).trimEnd()) };
}

export function makeLines(from: number, to: number, size = 10): RawLine[] {
  return Array.from({ length: to - from + 1 }, (_, index) => makeLine(from + index, size));
}
