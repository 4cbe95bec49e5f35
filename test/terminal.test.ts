import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Column, colours, printable, table, wrapped } from "../src/terminal.ts";

const COLUMNS: Column[] = [
  { header: "SEQ", align: "right" },
  { header: "TARGET", flexible: true },
  { header: "OUTCOME", flexible: true },
];
const ROWS = [
  ["1", "read_file", "ok"],
  ["10", "a/very/long/path/to/something.txt", "error -32602 Invalid params: path is missing"],
  ["100", "漢字のファイル", "\u001b[32mok\u001b[39m"],
];

describe("table", () => {
  test("is as wide as its cells where there is no limit", () => {
    expect(table(COLUMNS, ROWS, undefined)).toMatchInlineSnapshot(`
      "SEQ  TARGET                             OUTCOME
        1  read_file                          ok
       10  a/very/long/path/to/something.txt  error -32602 Invalid params: path is missing
      100  漢字のファイル                     \u001b[32mok\u001b[39m
      "
    `);
  });

  test("truncates the flexible columns to fit a narrow terminal", () => {
    expect(table(COLUMNS, ROWS, 40)).toMatchInlineSnapshot(`
      "SEQ  TARGET            OUTCOME
        1  read_file         ok
       10  a/very/long/pat…  error -32602 Inv…
      100  漢字のファイル    \u001b[32mok\u001b[39m
      "
    `);
  });

  test("never writes a line wider than the terminal", () => {
    const cell = fc.string({ unit: "grapheme", maxLength: 40 }).map(printable);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell)), fc.integer({ min: 1, max: 80 }), (rows, width) => {
        for (const line of table(COLUMNS, rows, width).split("\n"))
          expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("printable", () => {
  test.each([
    ["plain text, Über 漢字 👩‍💻", "plain text, Über 漢字 👩‍💻"],
    ["a\nb\tc\r", "a\\nb\\tc\\r"],
    ["\u001b]0;title\u0007", "\\u001b]0;title\\u0007"],
    ["\u009b31m\u007f", "\\u009b31m\\u007f"],
    ["user\u202etxt.exe\u2066", "user\\u202etxt.exe\\u2066"],
    ["a\u200bb\ufeff\u2028", "a\\u200bb\\ufeff\\u2028"],
    ["\u{e0041}", "\\udb40\\udc41"],
    ["\u{e0101}", "\\udb40\\udd01"],
    ["a\u00ad\u034f\u3164", "a\\u00ad\\u034f\\u3164"],
    ["❤️‍🔥 1️⃣", "❤️‍🔥 1️⃣"],
    ["a\ufe00\ufe01\ufe02", "a\\ufe00\\ufe01\\ufe02"],
    ["a\u200c\u200d\u200c", "a\\u200c\\u200d\\u200c"],
    ["\ud800x", "\\ud800x"],
  ])("%j", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test("leaves nothing that acts on a terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe("colours", () => {
  const saved = { ...process.env };
  afterEach(() => {
    for (const name of ["NO_COLOR", "FORCE_COLOR", "TERM"]) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
  });

  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [true, { FORCE_COLOR: "0" }, false],
    [true, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  ])("terminal %p with %j: %p", async (isTTY, env, expected) => {
    for (const name of ["NO_COLOR", "FORCE_COLOR", "TERM"]) delete process.env[name];
    Object.assign(process.env, env);
    expect((await colours({ isTTY })).isColorSupported).toBe(expected);
  });
});

test("wrapped breaks between words, wide characters counted, and keeps what a line begins with", () => {
  expect(wrapped("a text that is too long", 12, "  ")).toBe("a text\n  that is\n  too long");
  expect(wrapped("  - an item of a list", 14, "")).toBe("  - an item of\n  a list");
  expect(wrapped("日本語 日本語", 8, "")).toBe("日本語\n日本語");
  expect(wrapped("  as  it is", 11, "")).toBe("  as  it is");
  expect(wrapped("no limit for this", undefined, "  ")).toBe("no limit for this");
});
