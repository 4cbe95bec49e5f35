/** `LineOutput`: lines to a stream in order, never interleaved, gathered into one write until the current step is over. */

/** Gives text to the system; the promise resolves when it has been taken. */
export type Sink = (text: string) => void | Promise<void>;

/** Characters that may wait before the producer should. */
const CONGESTED = 1 << 20;

export class LineOutput {
  readonly #sink: Sink;
  readonly #onBroken: () => void;
  #waiting = "";
  #scheduled = false;
  #writing: Promise<void> | undefined;
  #broken = false;

  /** @param onBroken nobody reads any more; called once */
  constructor(sink: Sink, onBroken: () => void) {
    this.#sink = sink;
    this.#onBroken = onBroken;
  }

  write(line: string): void {
    if (this.#broken) return;
    this.#waiting += `${line}\n`;
    if (this.#scheduled || this.#writing !== undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Whether so much waits that one should await `drained` before writing more. */
  get congested(): boolean {
    return this.#waiting.length > CONGESTED;
  }

  /** Writes what waits now, unless an earlier write is under way, behind which it goes by itself. */
  flush(): void {
    if (this.#writing !== undefined || this.#waiting === "") return;
    const text = this.#waiting;
    this.#waiting = "";
    try {
      const taken = this.#sink(text);
      if (taken !== undefined) this.#writing = this.#await(taken);
    } catch {
      this.#break();
    }
  }

  /** Resolves when the system has taken every line, or nobody reads any more. */
  async drained(): Promise<void> {
    this.flush();
    while (this.#writing !== undefined) await this.#writing;
  }

  async #await(taken: Promise<void>): Promise<void> {
    try {
      await taken;
    } catch {
      this.#break();
    }
    this.#writing = undefined;
    this.flush();
  }

  #break(): void {
    this.#waiting = "";
    if (this.#broken) return;
    this.#broken = true;
    this.#onBroken();
  }
}
