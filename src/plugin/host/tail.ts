/**
 * The newest events of a session in memory, bounded, shared by all plugins. A plugin that keeps up is fed from here; one
 * that is behind reads the journal until it has caught up. Without a journal, what falls out of here is lost to it.
 */
import type { RawLine } from "../../journal/decode.ts";

const MOST_EVENTS = 1000;
const MOST_BYTES = 8 << 20;

export class Tail {
  #lines: RawLine[] = [];
  #bytes = 0;
  #changed = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  /** Seq of the newest event; 0 before the first. */
  last = 0;
  /** Nothing more will come. */
  ended = false;

  /** Seq of the oldest event kept; one more than `last` where none is. */
  get first(): number {
    return this.#lines[0]?.seq ?? this.last + 1;
  }

  append(lines: RawLine[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#bytes += line.bytes.length;
      this.last = line.seq;
    }
    let surplus = 0;
    while (
      this.#lines.length - surplus > MOST_EVENTS ||
      (this.#bytes > MOST_BYTES && surplus < this.#lines.length - 1)
    ) {
      this.#bytes -= this.#lines[surplus]?.bytes.length ?? 0;
      surplus++;
    }
    if (surplus > 0) this.#lines = this.#lines.slice(surplus);
    this.#wake();
  }

  end(): void {
    this.ended = true;
    this.#over.resolve();
    this.#wake();
  }

  /** Resolves at the end. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** The lines kept from `seq` on. */
  from(seq: number): RawLine[] {
    let low = 0;
    for (let high = this.#lines.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle]?.seq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.#lines : this.#lines.slice(low);
  }

  /** Resolves when something came or the end did. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
