/** Series and histograms in few numbers, and steps. */
import { describe, expect, test } from "bun:test";
import { histogramSummary, quantile } from "../../../src/services/prometheus/histogram.ts";
import { chosenStep, isTooFine, leastStep, rangeSummary } from "../../../src/services/prometheus/range-summary.ts";

const HOUR_MS = 3_600_000;

describe("rangeSummary", () => {
  test("numbers alone count; what is first and last is shown as it is", () => {
    const values: [number, string][] = [
      [1, "NaN"],
      [2, "4"],
      [3, "-2"],
      [4, "+Inf"],
      [5, "1"],
    ];
    expect(rangeSummary({ metric: { a: "b" }, values, histograms: [] })).toEqual({
      metric: { a: "b" },
      points: 5,
      min: -2,
      avg: 1,
      max: 4,
      maxAt: 2,
      first: "NaN",
      last: 1,
      lastAt: 5,
    });
  });

  test("without numbers there is neither least nor most", () => {
    expect(rangeSummary({ metric: {}, values: [[1, "NaN"]], histograms: [] })).toEqual({
      metric: {},
      points: 1,
      first: "NaN",
      last: "NaN",
      lastAt: 1,
    });
    expect(rangeSummary({ metric: {}, values: [], histograms: [] })).toEqual({ metric: {}, points: 0 });
  });
});

describe("histogram", () => {
  const buckets: [number, string, string, string][] = [
    [3, "-0.5", "0.5", "10"],
    [0, "1", "2", "80"],
    [0, "2", "4", "10"],
  ];

  test.each([
    [0, -0.5],
    [0.05, 0],
    [0.1, 0.5],
    [0.5, 1.5],
    [0.9, 2],
    [1, 4],
  ])("quantile %p is %p", (q, value) => {
    expect(quantile(q, buckets)).toBe(value);
  });

  test("one in which nothing was observed has no mean", () => {
    expect(histogramSummary({ count: "0", sum: "0", buckets: [] })).toEqual({
      count: 0,
      sum: 0,
      mean: null,
      p50: null,
      p90: null,
      p99: null,
      buckets: 0,
    });
  });
});

describe("steps", () => {
  test.each([
    [60_000, 1000],
    [HOUR_MS, 30_000],
    [24 * HOUR_MS, 900_000],
    [31 * 24 * HOUR_MS, 43_200_000],
    [3650 * 24 * HOUR_MS, 31 * 86_400_000],
  ])("of %p ms is %p ms", (rangeMs, stepMs) => {
    expect(chosenStep(rangeMs)).toBe(stepMs);
    expect(rangeMs / stepMs).toBeLessThanOrEqual(120);
  });

  test("the least step is one that Prometheus allows, and a second less is not", () => {
    const rangeMs = 31 * 24 * HOUR_MS;
    expect(isTooFine(rangeMs, leastStep(rangeMs))).toBe(false);
    expect(isTooFine(rangeMs, leastStep(rangeMs) - 1000)).toBe(true);
  });
});
