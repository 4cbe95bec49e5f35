/** `PrincipalLimits`: how many requests and bytes of one principal go through, and how many at a time. */
import { RateLimiter, type Quota } from "../../backend/rate-limit.ts";
import { countedAs } from "../../backend/caller.ts";
import type { PerTime } from "../../config/units.ts";
import type { PrincipalLimits as Limits } from "../config/proxy-config.ts";

export interface Overrun {
  why: "requests" | "bytes" | "concurrent" | "sessions" | "logins";
  headers: Record<string, string>;
}

/** When it is worth another try: a session may have ended by then. */
const SESSION_S = 10;
const NO_LIMIT: Quota = { requests: Number.MAX_SAFE_INTEGER, windowSeconds: 1 };

export class PrincipalLimits {
  #limits: Limits;
  #limiter: RateLimiter<"requests" | "bytes" | "logins">;
  readonly #now: () => number;
  /** By principal, those that have some. */
  readonly #running = new Map<string, number>();

  /** @param now milliseconds of a clock that is not set back */
  constructor(limits: Limits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#limiter = limiterOf(limits);
  }

  /** What was counted stays, unless there are other quotas to count by. Requests that run go on. */
  change(limits: Limits): void {
    const isOther = (["requests", "bytes", "logins"] as const).some(
      (name) => limits[name]?.count !== this.#limits[name]?.count || limits[name]?.perMs !== this.#limits[name]?.perMs,
    );
    this.#limits = limits;
    if (isOther) this.#limiter = limiterOf(limits);
  }

  /** Whether one who has so many sessions may begin another. */
  mayBegin(sessions: number): Overrun | undefined {
    const { sessions: most = Infinity } = this.#limits;
    return sessions < most ? undefined : { why: "sessions", headers: { "retry-after": String(SESSION_S) } };
  }

  /** Whether nobody there has failed too often to prove who they are; charges nothing. */
  mayTry(address: string): Overrun | undefined {
    const { allowed, headers } = this.#limiter.peek("logins", countedAs(address), this.#now());
    return allowed ? undefined : { why: "logins", headers };
  }

  failed(address: string): void {
    this.#limiter.take("logins", countedAs(address), this.#now());
  }

  /**
   * Charges a request. What is allowed has to be ended.
   *
   * @param bytes as its head says; those of a body without a length are charged when they have come
   */
  begin(principal: string, bytes: number): Overrun | undefined {
    const { requests, bytes: mostBytes, concurrent = Infinity } = this.#limits;
    const running = this.#running.get(principal) ?? 0;
    if (running >= concurrent) return { why: "concurrent", headers: { "retry-after": "1" } };
    const now = this.#now();
    if (mostBytes !== undefined) {
      const { allowed, headers } = this.#limiter.take("bytes", principal, now, Math.max(1, bytes));
      if (!allowed) return { why: "bytes", headers };
    }
    if (requests !== undefined) {
      const { allowed, headers } = this.#limiter.take("requests", principal, now);
      if (!allowed) return { why: "requests", headers };
    }
    this.#running.set(principal, running + 1);
    return undefined;
  }

  end(principal: string): void {
    const running = (this.#running.get(principal) ?? 1) - 1;
    if (running > 0) this.#running.set(principal, running);
    else this.#running.delete(principal);
  }
}

function limiterOf({ requests, bytes, logins }: Limits): RateLimiter<"requests" | "bytes" | "logins"> {
  return new RateLimiter({
    requests: requests === undefined ? NO_LIMIT : quotaOf(requests),
    bytes: bytes === undefined ? NO_LIMIT : quotaOf(bytes),
    logins: quotaOf(logins),
  });
}

function quotaOf({ count, perMs }: PerTime): Quota {
  return { requests: count, windowSeconds: Math.max(1, Math.round(perMs / 1000)) };
}
