/** `CallSlots`: so many calls at a time, and so many in a while; the others wait in order, as long as they are not too many. */
import type { UpstreamLimits } from "./upstream.ts";

/** More would wait for longer than anybody does. */
const MOST_WAITING = 100;

interface Waiting {
  id: string;
  start: () => unknown;
}

export class CallSlots {
  readonly #limits: Pick<UpstreamLimits, "calls" | "concurrent">;
  readonly #now: () => number;
  readonly #running = new Set<string>();
  #waiting: Waiting[] = [];
  /** When the latest began, as many as may in the span. */
  readonly #begun: number[] = [];
  #timer: Timer | undefined;

  /** @param now milliseconds of a clock that is not set back */
  constructor(limits: Pick<UpstreamLimits, "calls" | "concurrent">, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Starts it now or later. @returns whether it will be; false where too many wait */
  take(id: string, start: () => unknown): boolean {
    if (this.#waiting.length >= MOST_WAITING) return false;
    this.#waiting.push({ id, start });
    this.#next();
    return true;
  }

  /** @returns whether it waited: it is not started any more */
  drop(id: string): boolean {
    const left = this.#waiting.filter((one) => one.id !== id);
    const isDropped = left.length < this.#waiting.length;
    this.#waiting = left;
    return isDropped;
  }

  end(id: string): void {
    if (this.#running.delete(id)) this.#next();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #next(): void {
    const { concurrent = Infinity, calls } = this.#limits;
    while (this.#waiting.length > 0 && this.#running.size < concurrent) {
      const waitMs = calls === undefined ? 0 : this.#untilNext(calls);
      if (waitMs > 0) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#next(), waitMs);
        return;
      }
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running.add(next.id);
      if (calls !== undefined) this.#begun.push(this.#now());
      next.start();
    }
  }

  #untilNext({ count, perMs }: { count: number; perMs: number }): number {
    const now = this.#now();
    while (this.#begun.length > 0 && now - (this.#begun[0] ?? 0) >= perMs) this.#begun.shift();
    return this.#begun.length < count ? 0 : Math.ceil(perMs - (now - (this.#begun[0] ?? now)));
  }
}
