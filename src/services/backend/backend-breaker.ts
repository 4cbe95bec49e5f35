/**
 * `BackendBreaker`: keeps requests from a backend that could not be reached several times in a row. When its rest is over one
 * request tries, and no other until that is settled; what was sent before says nothing about now. Of this process alone.
 */
import type { Reached } from "../../http/health.ts";
import { CLOSED, nextBreaker, type Phase, phaseOf } from "../../resilience/breaker.ts";

export type Attempt =
  /** `settled` must be called once. */
  { isAllowed: true; settled(reached: Reached): void } | { isAllowed: false; failures: number; waitMs: number };

export class BackendBreaker {
  readonly #now: () => number;
  #state = CLOSED;
  #isTrying = false;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get phase(): Phase {
    return phaseOf(this.#state, this.#now());
  }

  begin(): Attempt {
    const { phase } = this;
    if (phase === "closed") return { isAllowed: true, settled: (reached) => this.#settledWhileClosed(reached) };
    if (phase === "half-open" && !this.#isTrying) {
      this.#isTrying = true;
      return { isAllowed: true, settled: (reached) => this.#tried(reached) };
    }
    const waitMs = Math.max(0, this.#state.openUntil - this.#now());
    return { isAllowed: false, failures: this.#state.failures, waitMs };
  }

  #settledWhileClosed(reached: Reached): void {
    if (this.#state.openUntil === 0) this.#state = nextBreaker(this.#state, reached, this.#now());
  }

  #tried(reached: Reached): void {
    this.#isTrying = false;
    this.#state = nextBreaker(this.#state, reached, this.#now());
  }
}
