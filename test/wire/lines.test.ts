/** Lines from bytes: the same whatever the chunking, and exact where a line is cut. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HEAD_BYTES, LineSplitter, TAIL_BYTES } from "../../src/wire/lines.ts";

interface Seen {
  text: string;
  size: number;
  omitted: number;
}

const SMALLEST_LIMIT = HEAD_BYTES + TAIL_BYTES;

function splitInto(chunks: Uint8Array[], limit = SMALLEST_LIMIT): Seen[] {
  const seen: Seen[] = [];
  const splitter = new LineSplitter(limit, (bytes, size, omitted) => seen.push({ text: latin1(bytes), size, omitted }));
  for (const chunk of chunks) {
    splitter.push(chunk);
    chunk.fill(0xff); // the reader's buffer is used again
  }
  splitter.end();
  return seen;
}

/** What LineSplitter is for, without its care for memory. */
function splitNaively(bytes: Uint8Array, limit = SMALLEST_LIMIT): Seen[] {
  const lines = latin1(bytes).split("\n");
  const last = lines.pop() ?? "";
  const seen = lines.map((line) => seenOf(line, 1, limit));
  return last === "" ? seen : [...seen, seenOf(last, 0, limit)];
}

function seenOf(line: string, ending: number, limit: number): Seen {
  const isCut = line.length > limit;
  const kept = isCut ? line.slice(0, HEAD_BYTES) + line.slice(-TAIL_BYTES) : line;
  return { text: kept.replace(/\r$/, ""), size: line.length + ending, omitted: line.length - kept.length };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function chunked(bytes: Uint8Array, cuts: number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((start, i) => Uint8Array.from(bytes.subarray(start, places[i])));
}

const cuts = fc.array(fc.nat(), { maxLength: 30 });

describe("LineSplitter", () => {
  test("gives the lines of any bytes in any chunking", () => {
    const byte = fc.oneof(fc.constantFrom(10, 13), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(byte, { maxLength: 300 }), cuts, (any, dense, at) => {
        const bytes = Uint8Array.from([...any, ...dense]);
        expect(splitInto(chunked(bytes, at))).toEqual(splitNaively(bytes));
      }),
    );
  });

  test("keeps exactly the beginning and the end of a line over the limit, in any chunking", () => {
    const length = fc.oneof(
      fc.integer({ min: SMALLEST_LIMIT - 2, max: SMALLEST_LIMIT + 2 }),
      fc.integer({ min: 0, max: 200_000 }),
    );
    fc.assert(
      fc.property(fc.array(length, { minLength: 1, maxLength: 4 }), fc.nat(30_000), cuts, (lengths, more, at) => {
        const lines = lengths.map((one, line) =>
          Buffer.from(Array.from({ length: one }, (_, i) => 32 + ((i + line) % 95))),
        );
        const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from(line.length % 2 ? "\r\n" : "\n")]));
        const limit = SMALLEST_LIMIT + more;
        expect(splitInto(chunked(bytes, at), limit)).toEqual(splitNaively(bytes, limit));
      }),
      { numRuns: 60 },
    );
  });

  test("gives lines without delay, and each when its line feed has come", () => {
    const seen: string[] = [];
    const splitter = new LineSplitter(0, (bytes) => seen.push(latin1(bytes)));
    splitter.push(Buffer.from("one\r"));
    expect([seen, splitter.partial]).toEqual([[], true]);
    splitter.push(Buffer.from("\ntwo\n"));
    expect([seen, splitter.partial]).toEqual([["one", "two"], false]);
  });

  test("takes off one carriage return, and only at the end", () => {
    expect(splitInto([Buffer.from("a\rb\r\r\n\r\n")]).map(({ text }) => text)).toEqual(["a\rb\r", ""]);
  });

  test("end: a last line without its ending is a line, nothing is none", () => {
    expect(splitInto([Buffer.from("a\nb")]).at(-1)).toEqual({ text: "b", size: 1, omitted: 0 });
    expect(splitInto([Buffer.from("a\n")])).toHaveLength(1);
  });

  test("reset: forgets what was kept, also of a line over the limit", () => {
    for (const begun of ["half", "x".repeat(400_000)]) {
      const seen: Seen[] = [];
      const splitter = new LineSplitter(0, (bytes, size, omitted) => seen.push({ text: latin1(bytes), size, omitted }));
      splitter.push(Buffer.from(begun));
      splitter.reset();
      splitter.push(Buffer.from("whole\n"));
      expect(seen).toEqual([{ text: "whole", size: 6, omitted: 0 }]);
    }
  });
});
