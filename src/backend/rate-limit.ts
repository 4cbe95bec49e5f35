/** `RateLimiter`: so many requests in a window for each customer, user of a dashboard, principal or address, as token buckets. */
import type { Budget } from "../api/contract/endpoint.ts";

export interface Quota {
  /** How many at once, and how many in a window on average. */
  requests: number;
  windowSeconds: number;
}

export type Quotas = Record<Exclude<Budget, "none">, Quota>;

export const DEFAULT_QUOTAS: Quotas = {
  login: { requests: 30, windowSeconds: 60 },
  general: { requests: 600, windowSeconds: 60 },
  ingest: { requests: 1200, windowSeconds: 60 },
  analysis: { requests: 60, windowSeconds: 60 },
};

export interface Verdict {
  allowed: boolean;
  headers: Record<string, string>;
}

interface Bucket {
  left: number;
  /** When `left` was counted, in milliseconds. */
  at: number;
}

/** Whoever comes with ever new addresses makes us forget the ones that were not seen for longest. */
const MAX_BUCKETS = 50_000;

export class RateLimiter<B extends string = keyof Quotas> {
  readonly #quotas: Readonly<Record<B, Quota>>;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(quotas: Readonly<Record<B, Quota>>) {
    this.#quotas = quotas;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Charges one request.
   *
   * @param now milliseconds of a clock that is not set back
   * @param cost where it counts for more than one; it may be more than there is left, which later ones wait for
   */
  take(budget: B, key: string, now: number, cost = 1): Verdict {
    return this.#charge(budget, key, now, cost);
  }

  /** Whether one more would be allowed; charges nothing. */
  peek(budget: B, key: string, now: number): Verdict {
    return this.#charge(budget, key, now, 0);
  }

  #charge(budget: B, key: string, now: number, cost: number): Verdict {
    const quota = this.#quotas[budget];
    const perMs = quota.requests / (quota.windowSeconds * 1000);
    const name = `${budget} ${key}`;
    const bucket = this.#buckets.get(name) ?? { left: quota.requests, at: now };
    bucket.left = Math.min(quota.requests, bucket.left + Math.max(0, now - bucket.at) * perMs);
    bucket.at = Math.max(bucket.at, now);
    const allowed = bucket.left >= 1;
    if (allowed) bucket.left -= cost;
    if (cost > 0) this.#remember(name, bucket);
    return { allowed, headers: describe(budget, quota, bucket.left, perMs, allowed) };
  }

  #remember(name: string, bucket: Bucket): void {
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    if (this.#buckets.size <= MAX_BUCKETS) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

/** `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers has them in its version 10. */
function describe(
  budget: string,
  { requests, windowSeconds }: Quota,
  left: number,
  perMs: number,
  allowed: boolean,
): Record<string, string> {
  const untilFull = Math.ceil((requests - left) / perMs / 1000);
  const untilNext = Math.max(1, Math.ceil((1 - left) / perMs / 1000));
  return {
    "ratelimit-policy": `"${budget}";q=${requests};w=${windowSeconds}`,
    ratelimit: `"${budget}";r=${Math.floor(left)};t=${allowed ? untilFull : untilNext}`,
    ...(!allowed && { "retry-after": String(untilNext) }),
  };
}
