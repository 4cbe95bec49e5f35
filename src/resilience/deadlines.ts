/** `Deadlines`: until when answers must have come. Progress begins the time anew, up to a bound that nothing moves. */

/** So many times the time in all, whatever progress there is. */
const MOST_TIMES = 10;

interface Deadline {
  timer: Timer | undefined;
  latest: number;
  token: string | undefined;
}

export class Deadlines {
  readonly #ms: number;
  readonly #late: (id: string) => void;
  readonly #open = new Map<string, Deadline>();
  #held = 0;
  #heldSince = 0;

  /** @param late told once of each that is over */
  constructor(ms: number, late: (id: string) => void) {
    this.#ms = ms;
    this.#late = late;
  }

  /** @param token of its progress, as exact text */
  begin(id: string, token: string | undefined): void {
    const deadline: Deadline = { timer: undefined, latest: performance.now() + this.#ms * MOST_TIMES, token };
    this.#open.set(id, deadline);
    this.#wind(id, deadline);
  }

  progress(token: string): void {
    for (const [id, deadline] of this.#open) if (deadline.token === token) this.#wind(id, deadline);
  }

  end(id: string): void {
    clearTimeout(this.#open.get(id)?.timer);
    this.#open.delete(id);
  }

  /** The server waits for the client: its time does not run. */
  hold(): void {
    if (this.#held++ > 0) return;
    this.#heldSince = performance.now();
    for (const { timer } of this.#open.values()) clearTimeout(timer);
  }

  release(): void {
    if (this.#held === 0 || --this.#held > 0) return;
    const heldMs = performance.now() - this.#heldSince;
    for (const [id, deadline] of this.#open) {
      deadline.latest += heldMs;
      this.#wind(id, deadline);
    }
  }

  close(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
  }

  #wind(id: string, deadline: Deadline): void {
    clearTimeout(deadline.timer);
    if (this.#held > 0) return;
    const ms = Math.min(this.#ms, deadline.latest - performance.now());
    deadline.timer = setTimeout(
      () => {
        this.#open.delete(id);
        this.#late(id);
      },
      Math.max(0, ms),
    );
  }
}
