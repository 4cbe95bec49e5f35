import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { rm } from "node:fs/promises";
import { KmError } from "../../src/errors.ts";
import { type ReadCounts, SegmentDecoder } from "../../src/journal/decode.ts";
import { segmentFile } from "../../src/journal/layout.ts";
import { readEvents } from "../../src/journal/read.ts";
import { compressSegment } from "../../src/journal/retention.ts";
import type { StreamEvent } from "../../src/stream/event.ts";
import { collect, encodeLines, Script, TemporaryData } from "./make-journal.ts";

const ID = "20260102-030405-abcdef01";

function noCounts(): ReadCounts {
  return { events: 0, torn: 0, vanished: 0 };
}

function seqs(events: StreamEvent[]): number[] {
  return events.map((event) => event.seq);
}

describe("readEvents", () => {
  test("reads plain and compressed segments in order, one that is there in both forms once", async () => {
    await using data = await TemporaryData.create();
    const script = new Script();
    const events = Array.from({ length: 6 }, () => script.request("read"));
    const folder = await data.addSession(ID, [events.slice(0, 2), events.slice(2, 4), events.slice(4)]);
    await compressSegment(segmentFile(folder, 1));
    const second = await Bun.file(segmentFile(folder, 2)).text();
    await compressSegment(segmentFile(folder, 2));
    await Bun.write(segmentFile(folder, 2), second);
    expect(await collect(readEvents(folder))).toEqual(events);
  });

  test("skips and counts torn lines in the middle and at the end", async () => {
    await using data = await TemporaryData.create();
    const script = new Script();
    const [a, b, c] = [script.request("a"), script.request("b"), script.request("c")];
    const whole = encodeLines([b]);
    const folder = await data.addSession(ID, [
      [a, `${whole.slice(0, 30)}\n`, "\n", "not a journal line}\n", b],
      [c, whole.slice(0, -1)],
    ]);
    const counts = noCounts();
    expect(await collect(readEvents(folder, { counts }))).toEqual([a, b, c]);
    expect(counts).toEqual({ events: 3, torn: 3, vanished: 0 });
  });

  test("keeps a number beyond 2^53 and every other byte of the message", async () => {
    await using data = await TemporaryData.create();
    const message = '{ "jsonrpc":"2.0", "id":9007199254740993, "result":{"x":1.10,"message":",\\"message\\":"} }';
    const folder = await data.addSession(ID, [[new Script().request("a", { message })]]);
    expect((await collect(readEvents(folder)))[0]?.message).toBe(message);
  });

  test("reads a line of 16 MB that spans many chunks", async () => {
    await using data = await TemporaryData.create();
    const script = new Script();
    const message = JSON.stringify({ text: "é".repeat(8 << 20) });
    const folder = await data.addSession(ID, [
      [script.request("a"), script.request("big", { message }), script.request("c")],
    ]);
    await compressSegment(segmentFile(folder, 1));
    const events = await collect(readEvents(folder));
    expect(seqs(events)).toEqual([1, 2, 3]);
    expect(events[1]?.message === message).toBe(true);
  });

  test("from leaves out what comes before, without reading segments that end before it", async () => {
    await using data = await TemporaryData.create();
    const script = new Script();
    const events = Array.from({ length: 6 }, () => script.request("read"));
    const folder = await data.addSession(ID, [["torn\n", ...events.slice(0, 2)], events.slice(2, 4), events.slice(4)]);
    const counts = noCounts();
    expect(seqs(await collect(readEvents(folder, { from: 4, counts })))).toEqual([4, 5, 6]);
    expect(counts.torn).toBe(0);
    expect(seqs(await collect(readEvents(folder, { from: 7 })))).toEqual([]);
  });

  test("payload chooses which messages are read", async () => {
    await using data = await TemporaryData.create();
    const script = new Script();
    const [a, b] = [script.request("a"), script.request("b")];
    const folder = await data.addSession(ID, [[a, b]]);
    const { message: _, ...bare } = a;
    expect(await collect(readEvents(folder, { payload: (event) => event.seq === 2 }))).toEqual([bare, b]);
    expect((await collect(readEvents(folder, { payload: false }))).every((event) => event.message === undefined)).toBe(
      true,
    );
  });

  test("goes on when a segment is deleted meanwhile", async () => {
    await using data = await TemporaryData.create();
    const script = new Script();
    const events = Array.from({ length: 3 }, () => script.request("read"));
    const folder = await data.addSession(
      ID,
      events.map((event) => [event]),
    );
    const counts = noCounts();
    const seen: number[] = [];
    for await (const event of readEvents(folder, { counts })) {
      if (event.seq === 1) await rm(segmentFile(folder, 2));
      seen.push(event.seq);
    }
    expect(seen).toEqual([1, 3]);
    expect(counts.vanished).toBe(1);
  });

  test("reads what is left of a compressed segment that is not whole", async () => {
    await using data = await TemporaryData.create();
    const script = new Script();
    const folder = await data.addSession(ID, [[script.request("a")], [script.request("b")]]);
    await compressSegment(segmentFile(folder, 1));
    const file = `${segmentFile(folder, 1)}.zst`;
    await Bun.write(file, (await Bun.file(file).bytes()).subarray(0, 40));
    const counts = noCounts();
    expect(seqs(await collect(readEvents(folder, { counts })))).toContain(2);
    expect(counts.torn).toBeGreaterThan(0);
  });

  test("refuses a journal of a newer format and says what to do", async () => {
    await using data = await TemporaryData.create();
    const folder = await data.addSession(ID, [[new Script().request("a")]], { info: { format: 2 } });
    const problem = await collect(readEvents(folder)).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(KmError);
    expect(problem).toMatchObject({ code: "JRN_003", hint: expect.stringContaining("Upgrade") });
  });

  test("fails with JRN_003 where there is no such folder", async () => {
    await using data = await TemporaryData.create();
    expect(await collect(readEvents(`${data.folder}/none`)).catch((error: unknown) => error)).toMatchObject({
      code: "JRN_003",
    });
  });
});

describe("SegmentDecoder", () => {
  test("gives the same events however the bytes are cut into chunks", () => {
    const script = new Script();
    const events = ["a", "ü漢😀", "c"].map((name) => script.request(name, { error_message: "\n\u2028" }));
    const bytes = new TextEncoder().encode(encodeLines(events));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), fc.boolean(), (sizes, payload) => {
        const counts = noCounts();
        const decoder = new SegmentDecoder(counts, payload);
        const found: StreamEvent[] = [];
        const buffer = new Uint8Array(200);
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const part = bytes.subarray(at, at + (sizes[i % sizes.length] ?? 1));
          buffer.set(part); // reused, as callers may
          found.push(...decoder.decode(buffer.subarray(0, part.length)));
          at += part.length;
        }
        decoder.end();
        expect(found.map((event) => event.tool)).toEqual(events.map((event) => event.tool));
        expect(payload ? found : events).toEqual(events);
        expect(counts).toEqual({ events: 3, torn: 0, vanished: 0 });
      }),
    );
  });

  test("counts a line longer than any that km writes and goes on behind it", () => {
    const counts = noCounts();
    const decoder = new SegmentDecoder(counts, true);
    const part = new Uint8Array(16 << 20).fill(120);
    for (let i = 0; i < 3; i++) expect(decoder.decode(part)).toEqual([]);
    expect(seqs(decoder.decode(new TextEncoder().encode(`\n${encodeLines([new Script().request("a")])}`)))).toEqual([
      1,
    ]);
    expect(counts.torn).toBe(1);
  });
});
