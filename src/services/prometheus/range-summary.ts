/** `rangeSummary`: a series over time in few numbers, and the step that a range is asked for with. */
import { histogramSummary, rounded, type HistogramSummary } from "./histogram.ts";
import { type Labels } from "../labels.ts";
import { asNumber, type RangeSeries } from "./sample.ts";

export interface RangeSummary {
  metric: Labels;
  points: number;
  /** Of the values that are numbers; undefined where none is. */
  min?: number;
  avg?: number;
  max?: number;
  first?: number | string;
  last?: number | string;
  /** Unix seconds, of the largest and the last. */
  maxAt?: number;
  lastAt?: number;
  /** Of a native histogram, the last. */
  histogram?: HistogramSummary;
}

export function rangeSummary({ metric, values, histograms }: RangeSeries): RangeSummary {
  const summary: RangeSummary = { metric, points: values.length + histograms.length };
  const [first, last] = [values[0], values.at(-1)];
  if (first !== undefined && last !== undefined) {
    Object.assign(summary, spread(values), { first: asNumber(first[1]), last: asNumber(last[1]), lastAt: last[0] });
  }
  const lastHistogram = histograms.at(-1);
  if (lastHistogram !== undefined) {
    summary.histogram = histogramSummary(lastHistogram[1]);
    summary.lastAt ??= lastHistogram[0];
  }
  return summary;
}

/** As many points as a picture has; Prometheus gives no more than 11,000. */
const USUAL_POINTS = 120;
const MOST_POINTS = 11_000;
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800].map(
  (seconds) => seconds * 1000,
);

/** The least of the usual steps that gives no more points than a picture has. Milliseconds. */
export function chosenStep(rangeMs: number): number {
  const least = rangeMs / USUAL_POINTS;
  return STEPS_MS.find((step) => step >= least) ?? Math.ceil(least / 86_400_000) * 86_400_000;
}

/** With which it gives no more points than Prometheus allows. Milliseconds. */
export function leastStep(rangeMs: number): number {
  return Math.ceil(rangeMs / (MOST_POINTS - 1) / 1000) * 1000;
}

export function isTooFine(rangeMs: number, stepMs: number): boolean {
  return Math.floor(rangeMs / stepMs) + 1 > MOST_POINTS;
}

function spread(values: RangeSeries["values"]): Partial<RangeSummary> {
  let [min, max, sum, count, maxAt] = [Infinity, -Infinity, 0, 0, 0];
  for (const [at, text] of values) {
    const value = Number(text);
    if (!Number.isFinite(value)) continue;
    if (value > max) [max, maxAt] = [value, at];
    min = Math.min(min, value);
    sum += value;
    count++;
  }
  return count === 0 ? {} : { min, avg: rounded(sum / count) ?? 0, max, maxAt };
}
