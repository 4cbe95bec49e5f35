/** `OpenRequest`: what a client has asked and not been answered yet: one request, or those of a batch. */
import type { Outbound } from "./outbound.ts";

/** A server is to end a stream with the answer; what comes after it may take so long. */
const LAST_EVENTS_MS = 1000;

export class OpenRequest {
  readonly outbound: Outbound;
  /** Resolves when nobody waits for an answer any more. */
  readonly over: Promise<void>;
  /** Resolves when the server is known to have got it. */
  readonly arrived: Promise<void>;
  readonly #waiting: Set<string>;
  readonly #abort = new AbortController();
  readonly #over = Promise.withResolvers<void>();
  readonly #arrived = Promise.withResolvers<void>();

  constructor(outbound: Outbound) {
    this.outbound = outbound;
    this.#waiting = new Set(outbound.ids);
    this.over = this.#over.promise;
    this.arrived = this.#arrived.promise;
  }

  /** Aborted when nothing that still may come is wanted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The ids that wait for an answer. */
  get waiting(): readonly string[] {
    return [...this.#waiting];
  }

  get isOver(): boolean {
    return this.#waiting.size === 0;
  }

  hasArrived(): void {
    this.#arrived.resolve();
  }

  /** @returns whether it was one of those that wait */
  answered(id: string): boolean {
    if (!this.#waiting.delete(id)) return false;
    if (this.isOver) {
      this.#end();
      setTimeout(() => this.#abort.abort(), LAST_EVENTS_MS).unref();
    }
    return true;
  }

  /** Nobody waits any more; what comes yet is still taken. */
  giveUp(): void {
    this.#waiting.clear();
    this.#end();
  }

  /** Ends its connection, too. */
  abort(): void {
    this.giveUp();
    this.#abort.abort();
  }

  #end(): void {
    this.#arrived.resolve();
    this.#over.resolve();
  }
}

/** Resolves when none of them waits, nor one that was added meanwhile. */
export async function allOver(requests: ReadonlyMap<string, OpenRequest>): Promise<void> {
  for (;;) {
    const open = [...requests.values()].filter(({ isOver }) => !isOver);
    if (open.length === 0) return;
    await Promise.all(open.map(({ over }) => over));
  }
}
