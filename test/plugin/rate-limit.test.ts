import { expect, test } from "bun:test";
import { RateLimit } from "../../src/plugin/rate-limit.ts";

test("RateLimit lets a burst pass, then so many a second, and no more after a long silence", () => {
  const limit = new RateLimit(3, 2);
  const passed = (now: number): number => Array.from({ length: 10 }, () => limit.take(now)).filter(Boolean).length;
  expect(passed(0)).toBe(3);
  expect(passed(400)).toBe(0);
  expect(passed(500)).toBe(1);
  expect(passed(1500)).toBe(2);
  expect(passed(1_000_000)).toBe(3);
});
