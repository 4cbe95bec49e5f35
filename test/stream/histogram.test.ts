import { expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram, PERCENTILE_ERROR } from "../../src/stream/histogram.ts";

const durations = fc.array(
  fc.oneof(fc.double({ min: 0.001, max: 1e9, noNaN: true }), fc.double({ min: 0.5, max: 50, noNaN: true })),
  {
    minLength: 1,
    maxLength: 2000,
    size: "max",
  },
);

test("Histogram gives percentiles within the stated error of the exact ones", () => {
  fc.assert(
    fc.property(durations, fc.constantFrom(0, 0.5, 0.9, 0.95, 0.99, 1), (values, share) => {
      const histogram = new Histogram();
      for (const value of values) histogram.add(value);
      const exact = nearestRank(values, share);
      // The last digits of logarithm and power are not the bucket's fault.
      expect(Math.abs(histogram.percentile(share) - exact)).toBeLessThanOrEqual(exact * PERCENTILE_ERROR * (1 + 1e-9));
    }),
  );
});

test("Histogram keeps count, mean, minimum and maximum exactly", () => {
  const histogram = new Histogram();
  for (const value of [0, 3, 9]) histogram.add(value);
  expect([histogram.count, histogram.mean, histogram.min, histogram.max]).toEqual([3, 4, 0, 9]);
});

test("Histogram answers NaN while empty", () => {
  expect(new Histogram().percentile(0.5)).toBeNaN();
  expect(new Histogram().mean).toBeNaN();
});

function nearestRank(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * values.length)) - 1] ?? Number.NaN;
}
