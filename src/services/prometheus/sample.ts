/** What a query answers: numbers and native histograms, each at a time, and how they are written for a reader. */
import * as v from "valibot";
import { type Histogram, HISTOGRAM } from "./histogram.ts";
import { LABELS } from "../labels.ts";

/** Unix seconds, and a number as text: `NaN` and `+Inf` are some. */
export type Point = [number, string];
export type HistogramPoint = [number, Histogram];

const isPoint = (value: unknown): value is Point =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === "number" && typeof value[1] === "string";

/** Checked by hand: there may be a hundred thousand of them. */
export const POINT = v.custom<Point>(isPoint);
export const POINTS = v.custom<Point[]>((value) => Array.isArray(value) && value.every(isPoint));
export const HISTOGRAM_POINT = v.tuple([v.number(), HISTOGRAM]);

export const INSTANT = v.object({
  metric: LABELS,
  value: v.optional(POINT),
  histogram: v.optional(HISTOGRAM_POINT),
});
export const RANGE = v.object({
  metric: LABELS,
  values: v.optional(POINTS, []),
  histograms: v.optional(v.array(HISTOGRAM_POINT), []),
});
export type RangeSeries = v.InferOutput<typeof RANGE>;

/** Any answer of a query. */
export const RESULT = v.variant("resultType", [
  v.object({ resultType: v.literal("vector"), result: v.array(INSTANT) }),
  v.object({ resultType: v.literal("matrix"), result: v.array(RANGE) }),
  v.object({ resultType: v.literal("scalar"), result: POINT }),
  v.object({ resultType: v.literal("string"), result: POINT }),
]);

/** A number where JSON has it, else as Prometheus writes it: `NaN`, `+Inf`. */
export function asNumber(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}
