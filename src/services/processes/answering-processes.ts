/**
 * `AnsweringProcesses`: processes of one kind, as many as there are calls at a time, within bounds. None is asked for two
 * things at a time, so one that is ended, because its disk hangs or it computes without end, takes no other call with it.
 */
import type { ToolCall } from "../tool.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { AnsweringProcess, type ProcessKind } from "./answering-process.ts";

export interface ProcessesOptions extends ProcessKind {
  /** At a time. */
  most: number;
  /** One that has had nothing to do for so long is ended. */
  idleMs: number;
}

export class AnsweringProcesses<Work> {
  readonly #options: ProcessesOptions;
  readonly #all = new Set<AnsweringProcess<Work>>();
  /** Each with the timer that ends it. The one that was used last is taken first. */
  readonly #idle = new Map<AnsweringProcess<Work>, NodeJS.Timeout>();
  #waiting: (() => void)[] = [];

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  /**
   * @throws the reason of the signal, at once, whatever the system does
   * @throws KmError as the work does
   */
  async ask(
    work: Work,
    { signal, progress }: Pick<ToolCall<unknown>, "signal"> & Partial<Pick<ToolCall<unknown>, "progress">>,
  ): Promise<unknown> {
    const process = await this.#taken(signal);
    const answer = process.ask(work, progress);
    try {
      return await unlessAborted(answer, signal);
    } finally {
      void this.#giveBack(process);
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
    await Promise.all(Array.from(this.#all, (process) => process.close()));
  }

  async #taken(signal: AbortSignal): Promise<AnsweringProcess<Work>> {
    for (;;) {
      signal.throwIfAborted();
      const idle = Array.from(this.#idle).at(-1);
      if (idle !== undefined) {
        const [process, timer] = idle;
        clearTimeout(timer);
        this.#idle.delete(process);
        return process;
      }
      if (this.#all.size < this.#options.most) return this.#started();
      const freed = Promise.withResolvers<void>();
      this.#waiting.push(freed.resolve);
      await unlessAborted(freed.promise, signal);
    }
  }

  #started(): AnsweringProcess<Work> {
    const process = new AnsweringProcess<Work>(this.#options);
    this.#all.add(process);
    void this.#forgetWhenGone(process);
    return process;
  }

  async #forgetWhenGone(process: AnsweringProcess<Work>): Promise<void> {
    await process.gone;
    clearTimeout(this.#idle.get(process));
    this.#idle.delete(process);
    this.#all.delete(process);
    this.#wake();
  }

  async #giveBack(process: AnsweringProcess<Work>): Promise<void> {
    await process.cancel();
    if (!this.#all.has(process)) return;
    const timer = setTimeout(() => {
      this.#idle.delete(process);
      void process.close();
    }, this.#options.idleMs);
    timer.unref();
    this.#idle.set(process, timer);
    this.#wake();
  }

  /** Each of them looks again: who was to be first may not wait any more. */
  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
