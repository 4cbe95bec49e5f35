/** `EventStream`: the same events come out of the same bytes, however they are cut; and it holds no more than it may. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { EventStream } from "../../src/http/event-stream.ts";

function read(text: string, cuts: number[] = [], limit = 1000) {
  const bytes = new TextEncoder().encode(text);
  const stream = new EventStream(limit);
  const events = [];
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    events.push(...stream.push(bytes.subarray(start, end)));
    start = end;
  }
  return { events, lastId: stream.lastId, retryMs: stream.retryMs };
}

const TEXT =
  '\ufeff: comment\r\nid: 1\r\nevent: message\r\ndata: {"a":\r\ndata:"ü€😀"}\r\n\r\nretry: 500\rid: 2\rdata\r\rdata: x\n\nevent: endpoint\ndata: /m\n\ndata: not ended';

test("fields, comments, all line ends and a byte order mark are read as the standard says", () => {
  expect(read(TEXT)).toEqual({
    events: [
      { type: "message", data: '{"a": "ü€😀"}' },
      { type: "message", data: "" },
      { type: "message", data: "x" },
      { type: "endpoint", data: "/m" },
    ],
    lastId: "2",
    retryMs: 500,
  });
});

test("however the bytes are cut, the events are the same", () => {
  const whole = read(TEXT);
  fc.assert(fc.property(fc.array(fc.nat(200)), (cuts) => expect(read(TEXT, cuts)).toEqual(whole)));
});

test("an event over the limit has no data, and those behind it are whole, however it is cut", () => {
  const text = `data: ${"x".repeat(300)}\ndata: more\n\ndata: next\n\n`;
  fc.assert(
    fc.property(fc.array(fc.nat(400)), (cuts) =>
      expect(read(text, cuts, 100).events).toEqual([
        { type: "message", data: undefined },
        { type: "message", data: "next" },
      ]),
    ),
  );
});

test("an event with an id and no data only says where the stream is", () => {
  expect(read("id: 7\n\n")).toEqual({ events: [], lastId: "7", retryMs: undefined });
});

test("bytes that are not UTF-8 are an error", () => {
  const stream = new EventStream(100);
  expect(() => stream.push(new Uint8Array([0x64, 0xff, 0x0a, 0x0a]))).toThrow();
});
