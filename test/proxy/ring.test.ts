/** The ring between pump and observer: bytes and order survive any interleaving of its two sides. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Channel, Visitor } from "../../src/proxy/pump.ts";
import type { Interceptions } from "../../src/proxy/gate/settle.ts";
import { allocateRing, CHANNELS, RingReader, RingWriter, viewRing } from "../../src/proxy/ring.ts";

const SMALL: Channel = 2; // the smallest ring: 256 KiB
const SMALL_BYTES = 1 << 18;

type Seen =
  | { channel: Channel; text: string; time: number }
  | { channel: Channel; note: Interceptions }
  | { channel: Channel; gap: true; time: number };

function makeRing() {
  const ring = viewRing(allocateRing());
  const writer = new RingWriter(ring);
  const reader = new RingReader(ring);
  const seen: Seen[] = [];
  const visitor: Visitor = {
    chunk: (channel, bytes, time) => seen.push({ channel, text: Buffer.from(bytes).toString("latin1"), time }),
    note: (channel, note) => seen.push({ channel, note }),
    gap: (channel, time) => seen.push({ channel, gap: true, time }),
  };
  return {
    ring,
    writer,
    reader,
    seen,
    /** One turn takes no longer than the observer may keep its thread: on a busy machine that is not all. */
    drain(): void {
      while (reader.drain(visitor));
    },
    /** As the pump does: into the ring where there is room. */
    write(channel: Channel, text: string, time: number): number {
      const length = writer.room(channel, text.length);
      const at = writer.offset(channel);
      ring.data[channel].set(Buffer.from(text.slice(0, length), "latin1"), at);
      if (length > 0) writer.publish(channel, length, time);
      return length;
    },
  };
}

describe("ring", () => {
  test("any interleaving of both sides keeps every chunk whole, in order and with its time", () => {
    const write = fc.record({
      channel: fc.constantFrom(...CHANNELS),
      length: fc.oneof(fc.nat(100), fc.nat(SMALL_BYTES)),
    });
    fc.assert(
      fc.property(fc.array(fc.option(write), { maxLength: 40 }), (steps) => {
        const { write: put, drain, seen } = makeRing();
        const written: Seen[] = [];
        for (const [time, step] of steps.entries()) {
          if (step === null) drain();
          else {
            const text = String.fromCharCode(33 + time).repeat(step.length);
            const length = put(step.channel, text, time);
            if (length > 0) written.push({ channel: step.channel, text: text.slice(0, length), time });
          }
        }
        drain();
        expect(seen).toEqual(written);
      }),
      { numRuns: 50 },
    );
  });

  test("a chunk never wraps around: the room ends at the end of the ring", () => {
    const { writer, write, drain } = makeRing();
    write(SMALL, "x".repeat(SMALL_BYTES - 10), 0);
    drain();
    expect(writer.room(SMALL, 100)).toBe(10);
    write(SMALL, "0123456789", 1);
    expect(writer.offset(SMALL)).toBe(0);
    expect(writer.room(SMALL, 100)).toBe(100);
  });

  test("a full ring has no room until the reader frees it; the other channels do", () => {
    const { writer, write, drain } = makeRing();
    expect(write(SMALL, "x".repeat(SMALL_BYTES + 1), 0)).toBe(SMALL_BYTES);
    expect([writer.room(SMALL, 1), writer.room(0, 1), writer.room(1, 1)]).toEqual([0, 1, 1]);
    expect(writer.crowded()).toBe(true);
    drain();
    expect(writer.room(SMALL, Infinity)).toBe(SMALL_BYTES);
    expect(writer.crowded()).toBe(false);
  });

  test("a log full of tiny chunks has no room for any channel, and keeps them all", () => {
    const { writer, write, drain, seen } = makeRing();
    let count = 0;
    while (writer.room(0, 1) > 0) count += write(0, "x", count);
    expect(count).toBeGreaterThan(1000);
    expect(CHANNELS.map((channel) => writer.room(channel, 1))).toEqual([0, 0, 0]);
    expect(writer.crowded()).toBe(true);
    drain();
    expect(seen.map((one) => ("time" in one ? one.time : undefined))).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    expect(writer.room(0, 1)).toBe(1);
  });

  test("bytes that were missed are counted, and told as a gap before what follows", () => {
    const { ring, writer, write, drain, seen } = makeRing();
    write(1, "a", 1);
    writer.miss(1, 100);
    writer.miss(1, 50);
    writer.miss(0, 7);
    expect(ring.missed[0]).toBe(157);
    write(1, "b", 2);
    write(1, "c", 3);
    drain();
    expect(seen).toEqual([
      { channel: 1, text: "a", time: 1 },
      { channel: 0, gap: true, time: 2 },
      { channel: 1, gap: true, time: 2 },
      { channel: 1, text: "b", time: 2 },
      { channel: 1, text: "c", time: 3 },
    ]);
  });

  test("gaps find room in a log that is full for bytes", () => {
    const { writer, write, drain, seen } = makeRing();
    while (writer.room(0, 1) > 0) write(0, "x", 0);
    const chunks = () => seen.filter((one) => "text" in one).length;
    for (const channel of CHANNELS) writer.miss(channel, 1);
    drain();
    const before = chunks();
    write(0, "y", 1);
    drain();
    expect(seen.slice(before)).toHaveLength(4);
  });

  test("positions wrap at 2^32 and nothing else happens", () => {
    const { writer, reader, drain, write, seen } = makeRing();
    const nobody: Visitor = { chunk: () => undefined, note: () => undefined, gap: () => undefined };
    let position = 0;
    while (position < 2 ** 32 - SMALL_BYTES / 2) {
      const length = Math.min(writer.room(SMALL, Infinity), 2 ** 32 - SMALL_BYTES / 2 - position);
      writer.publish(SMALL, length, 0); // what is in the ring does not matter yet
      position += length;
      reader.drain(nobody);
    }
    for (const letter of ["a", "b", "c", "d", "e"]) {
      const text = letter.repeat(SMALL_BYTES / 4);
      expect(write(SMALL, text, 0)).toBe(text.length);
      expect(writer.room(SMALL, Infinity)).toBeLessThanOrEqual((SMALL_BYTES * 3) / 4);
      drain();
      expect(seen.splice(0)).toEqual([{ channel: SMALL, text, time: 0 }]);
    }
    expect(write(SMALL, "x".repeat(SMALL_BYTES), 0) + write(SMALL, "x".repeat(SMALL_BYTES), 0)).toBe(SMALL_BYTES);
    expect(writer.room(SMALL, 1)).toBe(0);
  }, 30_000);

  test("a note comes before its line, whole, in however many pieces; one that a gap cut off does not", () => {
    const { ring, writer, drain, write, seen } = makeRing();
    const note: Interceptions = [undefined, { action: "modified", by: "é", forwarded: "x".repeat(50) }];
    const put = (bytes: Buffer, isLast: boolean): void => {
      ring.data[SMALL].set(bytes, writer.offset(SMALL));
      writer.publishNote(SMALL, bytes.length, isLast, 1);
    };
    const bytes = Buffer.from(JSON.stringify(note));
    put(bytes.subarray(0, 30), false);
    drain();
    put(bytes.subarray(30), true);
    write(SMALL, "line", 2);
    put(bytes.subarray(0, 30), false);
    writer.miss(SMALL, 7);
    write(SMALL, "next", 3);
    drain();
    expect(seen).toEqual([
      { channel: SMALL, note },
      { channel: SMALL, text: "line", time: 2 },
      { channel: SMALL, gap: true, time: 3 },
      { channel: SMALL, text: "next", time: 3 },
    ]);
  });

  test("the reader is told of a note as of bytes", () => {
    const { writer } = makeRing();
    writer.publishNote(SMALL, 2, true, 7);
    expect([writer.untoldSince, writer.publishedAt]).toEqual([7, 7]);
  });

  test("a note that cannot be read costs its line the mark, nothing else", () => {
    const { ring, writer, drain, write, seen } = makeRing();
    ring.data[SMALL].set(Buffer.from("[{]"), writer.offset(SMALL));
    writer.publishNote(SMALL, 3, true, 1);
    write(SMALL, "line", 2);
    drain();
    expect(seen).toEqual([{ channel: SMALL, text: "line", time: 2 }]);
    expect(writer.room(SMALL, Infinity)).toBe(SMALL_BYTES - 7);
  });

  test("what comes while the reader is at work is not lost", () => {
    const ring = viewRing(allocateRing());
    const writer = new RingWriter(ring);
    const reader = new RingReader(ring);
    let count = 0;
    const visitor: Visitor = {
      chunk: () => {
        if (++count < 5) writer.publish(0, 1, 0);
      },
      note: () => undefined,
      gap: () => undefined,
    };
    writer.publish(0, 1, 0);
    for (let i = 0; i < 5; i++) reader.drain(visitor);
    expect(count).toBe(5);
  });
});
