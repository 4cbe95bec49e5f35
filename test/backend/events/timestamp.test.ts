/** Timestamps and cursors, there and back. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { TIME } from "../../../src/api/contract/values.ts";
import { cursorOf } from "../../../src/backend/events/cursor.ts";
import { microsecondsOf, timestampOf } from "../../../src/backend/events/timestamp.ts";

test("timestampOf and microsecondsOf lose no microsecond, and order as texts do", () => {
  const moment = fc.integer({ min: Date.UTC(1970) * 1000, max: Date.UTC(2200) * 1000 });
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      const [first, second] = [timestampOf(a), timestampOf(b)];
      expect(microsecondsOf(first)).toBe(a);
      expect(v.is(TIME, first)).toBeTrue();
      expect(first < second).toBe(a < b);
    }),
  );
});

test("microsecondsOf takes what TIME does", () => {
  expect(microsecondsOf("2026-11-21T14:00:00Z")).toBe(Date.UTC(2026, 10, 21, 14) * 1000);
  expect(microsecondsOf("2026-11-21T14:00:00.5Z")).toBe(Date.UTC(2026, 10, 21, 14) * 1000 + 500_000);
  expect(microsecondsOf("2026-11-21T14:00:00.000001Z")).toBe(Date.UTC(2026, 10, 21, 14) * 1000 + 1);
});

test("a cursor comes back as it went, whatever is in it", () => {
  const cursor = cursorOf<{ id: string }>(v.object({ id: v.string() }));
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (id) => {
      expect(cursor.decode(cursor.encode({ id }))).toEqual({ place: { id } });
    }),
  );
  expect(cursor.decode(undefined)).toEqual({ place: undefined });
});
