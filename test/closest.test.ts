/** What a mistyped word probably meant. */
import { expect, test } from "bun:test";
import { closest } from "../src/closest.ts";

const WORDS = ["monitor", "sessions", "logs", "show", "stats", "clear-logs"];

test.each([
  ["mnitor", "monitor"],
  ["lgos", "logs"], // swapped
  ["statsss", "stats"],
  ["clear_log", "clear-logs"],
  ["sess", "sessions"], // the only one that begins so
  ["s", undefined],
  ["zz", undefined],
  ["", undefined],
  ["MONITOR", "monitor"],
  ["Lgos", "logs"],
  ["shw", "show"],
  ["mntor", "monitor"], // two left out
  ["shut", undefined], // two others
  ["frobnicate", undefined],
])("closest: %j gives %j", (word, meant) => expect(closest(word, WORDS)).toBe(meant as string));

test("closest: a word of 100,000 letters is like nothing", () => {
  expect(closest("s".repeat(100_000), WORDS)).toBeUndefined();
});
