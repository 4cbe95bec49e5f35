/** Durations and sizes: what is taken, what is refused, and that what is shown can be typed again. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatBytes, formatDuration, parseDuration, parseSize } from "../../src/config/units.ts";

describe("parseDuration", () => {
  test.each([
    ["500ms", 500],
    ["2s", 2000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["1.5h", 5_400_000],
    ["1h30m", 5_400_000],
    ["1m500ms", 60_500],
    ["0s", 0],
  ])("takes %p", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each([
    "",
    "5",
    "-1s",
    "1 h",
    "1y",
    "s",
    "1s1s",
    "1m1h",
    "1e3s",
    "Infinitys",
    `${"9".repeat(30)}w`,
    " 1s",
    "1s\n",
  ])("refuses %p", (text) => expect(parseDuration(text)).toBeUndefined());
});

describe("parseSize", () => {
  test.each([
    ["0", 0],
    ["1048576", 1_048_576],
    ["10b", 10],
    ["512kb", 524_288],
    ["4MB", 4_194_304],
    ["1.5 gb", 1_610_612_736],
    ["1tb", 1_099_511_627_776],
  ])("takes %p", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each(["", "kb", "-1", "4 m", "4mib", "1e6", "0x10", "99999999tb", "1,5mb", "NaN"])("refuses %p", (text) =>
    expect(parseSize(text)).toBeUndefined(),
  );
});

describe("formatDuration", () => {
  test.each([
    [0, "0ms"],
    [0.0421, "0.0421ms"],
    [12.345, "12.3ms"],
    [999.7, "1s"],
    [1234, "1.234s"],
    [90_000, "1m30s"],
    [2_592_000_000, "30d"],
  ])("shows %p", (ms, text) => expect(formatDuration(ms)).toBe(text));

  test("is taken back by parseDuration, exactly for whole milliseconds", () => {
    fc.assert(
      fc.property(fc.nat({ max: 4e12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe("formatBytes", () => {
  test.each([
    [0, "0b"],
    [1023, "1023b"],
    [1536, "1.5kb"],
    [1_048_575, "1mb"],
    [4_194_304, "4mb"],
  ])("shows %p", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test("is taken back by parseSize, exactly for whole units", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1023 }), fc.integer({ min: 0, max: 4 }), (count, unit) => {
        expect(parseSize(formatBytes(count * 1024 ** unit))).toBe(count * 1024 ** unit);
      }),
    );
  });

  test("is taken back by parseSize within the one digit it shows", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 50 }), (bytes) => {
        expect(Math.abs((parseSize(formatBytes(bytes)) ?? Number.NaN) - bytes)).toBeLessThanOrEqual(bytes * 0.05);
      }),
    );
  });
});
