import { expect, test } from "bun:test";
import { Tail } from "../../../src/plugin/host/tail.ts";
import { makeLine, makeLines } from "./lines.ts";

test("Tail: keeps the newest 1,000 events", () => {
  const tail = new Tail();
  tail.append(makeLines(1, 700));
  expect([tail.first, tail.last]).toEqual([1, 700]);
  tail.append(makeLines(701, 1500));
  expect([tail.first, tail.last]).toEqual([501, 1500]);
  expect(tail.from(1499).map(({ seq }) => seq)).toEqual([1499, 1500]);
  expect(tail.from(1).at(0)?.seq).toBe(501);
  expect(tail.from(1501)).toEqual([]);
});

test("Tail: keeps no more than 8 MiB, but always the newest event", () => {
  const tail = new Tail();
  for (let seq = 1; seq <= 20; seq++) tail.append([makeLine(seq, 1 << 20)]);
  expect(tail.last - tail.first + 1).toBe(7);
  tail.append([makeLine(21, 9 << 20)]);
  expect([tail.first, tail.last]).toEqual([21, 21]);
});

test("Tail: wakes who waits at each append and at the end", async () => {
  const tail = new Tail();
  let changed = tail.changed();
  tail.append([makeLine(1)]);
  await changed;
  changed = tail.changed();
  tail.end();
  await changed;
  expect(tail.ended).toBe(true);
});

test("Tail: is empty at first, and finds its place behind gaps", () => {
  const tail = new Tail();
  expect([tail.first, tail.last, tail.from(1)]).toEqual([1, 0, []]);
  tail.append([makeLine(5), makeLine(9)]);
  expect(tail.from(6).map(({ seq }) => seq)).toEqual([9]);
  expect(tail.first).toBe(5);
});
