/**
 * Durations in a bounded space: counts in buckets whose borders grow by a constant factor. A percentile is off by at
 * most half a percent of its value, for one duration as for a billion; count, mean, minimum and maximum are exact.
 * (The bucket scheme is that of DDSketch: Masson, Rim and Lee, VLDB 2019.)
 */
export class Histogram {
  count = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;
  #sum = 0;
  readonly #buckets = new Map<number, number>();

  /** @param ms not negative; below a microsecond all are one bucket */
  add(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, SMALLEST)) / LOG_GROWTH);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.count++;
    this.#sum += ms;
    this.min = Math.min(this.min, ms);
    this.max = Math.max(this.max, ms);
  }

  /** NaN while empty. */
  get mean(): number {
    return this.#sum / this.count;
  }

  /**
   * The smallest duration that at least `share` of all do not exceed (nearest rank). NaN while empty.
   *
   * @param share from 0 to 1
   */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen < rank) continue;
      const middle = (2 * GROWTH ** bucket) / (GROWTH + 1);
      return Math.min(this.max, Math.max(this.min, middle));
    }
    return Number.NaN;
  }
}

/** Largest relative error of a percentile. */
export const PERCENTILE_ERROR = 0.005;

const GROWTH = (1 + PERCENTILE_ERROR) / (1 - PERCENTILE_ERROR);
const LOG_GROWTH = Math.log(GROWTH);
const SMALLEST = 0.001;
