/** `histogramSummary`: a native histogram in few numbers: how many, their mean, and estimates of quantiles. */
import * as v from "valibot";

/** Which of a bucket's borders belong to it, its borders, and how many are in it. */
export const BUCKET = v.tuple([v.number(), v.string(), v.string(), v.string()]);
export const HISTOGRAM = v.object({
  count: v.string(),
  sum: v.string(),
  buckets: v.optional(v.array(BUCKET), []),
});
export type Histogram = v.InferOutput<typeof HISTOGRAM>;

export interface HistogramSummary {
  count: number;
  sum: number;
  /** Null where nothing was observed. */
  mean: number | null;
  p50: number | null;
  p90: number | null;
  p99: number | null;
  buckets: number;
}

export function histogramSummary({ count, sum, buckets }: Histogram): HistogramSummary {
  const observed = Number(count);
  return {
    count: observed,
    sum: rounded(Number(sum)) ?? 0,
    mean: observed > 0 ? rounded(Number(sum) / observed) : null,
    p50: quantile(0.5, buckets),
    p90: quantile(0.9, buckets),
    p99: quantile(0.99, buckets),
    buckets: buckets.length,
  };
}

/** Within a bucket values are taken to be spread evenly, as Prometheus 2 does. Buckets come from the lowest to the highest. */
export function quantile(q: number, buckets: Histogram["buckets"]): number | null {
  const counts = buckets.map(([, , , count]) => Number(count));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = q * total;
  let before = 0;
  for (const [index, [, lower, upper]] of buckets.entries()) {
    const count = counts[index] ?? 0;
    if (before + count >= rank && count > 0) {
      const [from, to] = [Number(lower), Number(upper)];
      return rounded(from + ((to - from) * (rank - before)) / count);
    }
    before += count;
  }
  return null;
}

export function histogramText({ count, mean, p50, p90, p99 }: HistogramSummary): string {
  return `count ${count} mean ${mean ?? "-"} p50 ${p50 ?? "-"} p90 ${p90 ?? "-"} p99 ${p99 ?? "-"}`;
}

/** To six digits, and large ones (times are some) to a tenth: what is beyond is no information. Null for what is no number. */
export function rounded(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  return Math.abs(value) >= 1e5 ? Math.round(value * 10) / 10 : Number(value.toPrecision(6));
}
