/**
 * `nextBreaker`: what is known of a server that may not be reachable, and what becomes of that. Closed, requests pass; after
 * some failures in a row it is open, and none does; when its time is over it is half open, and one may try. No I/O, no clock.
 */
import type { Reached } from "../http/health.ts";

export interface BreakerState {
  /** In a row. */
  failures: number;
  /** When one may try, in milliseconds since 1970; 0 while it is closed. */
  openUntil: number;
}

export const CLOSED: BreakerState = { failures: 0, openUntil: 0 };

/** Of failures in a row: fewer may be chance. */
export const MOST_FAILURES = 5;
const FIRST_MS = 5000;
const LONGEST_MS = 5 * 60_000;

export type Phase = "closed" | "half-open" | "open";

export function phaseOf({ openUntil }: BreakerState, now: number): Phase {
  if (openUntil === 0) return "closed";
  // A clock that was set back keeps nothing shut for longer than it would ever be.
  return openUntil > now && openUntil - now <= LONGEST_MS ? "open" : "half-open";
}

export function nextBreaker(state: BreakerState, reached: Reached, now: number): BreakerState {
  if (reached === "unknown") return state;
  if (reached === "reached") return CLOSED;
  const failures = state.failures + 1;
  if (failures < MOST_FAILURES) return { failures, openUntil: 0 };
  return { failures, openUntil: now + Math.min(FIRST_MS * 2 ** Math.min(failures - MOST_FAILURES, 16), LONGEST_MS) };
}
