/** `CallSlots`: how many calls may run at a time under each name; those that come later wait for their turn, in order. */

export interface SlotLimits {
  /** That run. */
  most: number;
  /** That wait; more are refused. */
  waiting: number;
}

/** What is called when it is over, more than once does no harm. */
export type Release = () => void;

interface Lane {
  running: number;
  waiting: (() => void)[];
}

export class CallSlots {
  readonly #lanes = new Map<string, Lane>();

  /**
   * @returns `full` where too many wait already, `aborted` where the signal came first
   */
  async take(name: string, { most, waiting }: SlotLimits, signal: AbortSignal): Promise<Release | "full" | "aborted"> {
    if (signal.aborted) return "aborted";
    const lane = this.#lanes.get(name) ?? { running: 0, waiting: [] };
    this.#lanes.set(name, lane);
    if (lane.running < most) {
      lane.running++;
      return this.#releaseOf(name, lane);
    }
    if (lane.waiting.length >= waiting) return "full";
    return await new Promise((resolve) => {
      const turn = (): void => {
        signal.removeEventListener("abort", leave);
        resolve(this.#releaseOf(name, lane));
      };
      const leave = (): void => {
        lane.waiting.splice(lane.waiting.indexOf(turn), 1);
        resolve("aborted");
      };
      lane.waiting.push(turn);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  /** Names that nobody uses cost nothing. */
  get size(): number {
    return this.#lanes.size;
  }

  #releaseOf(name: string, lane: Lane): Release {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const next = lane.waiting.shift();
      if (next !== undefined)
        next(); // who waited has the slot now
      else if (--lane.running === 0) this.#lanes.delete(name);
    };
  }
}
