/** `RateLimit`: so many at once, and so many a second thereafter (a token bucket). */

export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #at = -Infinity;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /**
   * Whether one more may pass now.
   *
   * @param now milliseconds of a clock that is not set back
   */
  take(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
