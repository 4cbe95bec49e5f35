/** Points in time as arguments of tools. */
import { expect, test } from "bun:test";
import { momentText, parseMoment } from "../../src/services/moment.ts";

const NOW_MS = Date.parse("2026-11-22T07:00:00Z");

test.each([
  ["now", "2026-11-22T07:00:00Z"],
  ["-1h", "2026-11-22T06:00:00Z"],
  ["now-1h30m", "2026-11-22T05:30:00Z"],
  ["now+2h", "2026-11-22T09:00:00Z"],
  ["+90s", "2026-11-22T07:01:30Z"],
  ["2026-11-22T07:00:00Z", "2026-11-22T07:00:00Z"],
  ["2026-11-22T08:00:00.5+01:00", "2026-11-22T07:00:00.500Z"],
  ["2026-11-22", "2026-11-22T00:00:00Z"],
  ["1795330800", "2026-11-22T07:00:00Z"],
  ["1795330800.25", "2026-11-22T07:00:00.250Z"],
])("%s is %s", (text, time) => {
  expect(momentText(parseMoment(text, NOW_MS) ?? 0)).toBe(time);
});

test.each([
  "",
  "yesterday",
  "1h",
  "-1x",
  "1795330800000",
  "2026-13-01T00:00:00Z",
  "2026-11-22T07:00:00",
  "22.11.2026",
  "now-",
])("%j is none", (text) => {
  expect(parseMoment(text, NOW_MS)).toBeUndefined();
});
