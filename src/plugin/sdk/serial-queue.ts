/** `SerialQueue`: one task after the other, in the order they were added; without a detour through promises where there is none. */
export class SerialQueue {
  readonly #tasks: (() => void | Promise<void>)[] = [];
  readonly #idle: (() => void)[] = [];
  #busy = false;

  /** @param task must not fail */
  add(task: () => void | Promise<void>): void {
    this.#tasks.push(task);
    if (!this.#busy) this.#run();
  }

  /** The result of the task, once its turn has come. */
  async result<T>(task: () => T | Promise<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.add(async () => {
        try {
          resolve(await task());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** Resolves when no task is left. */
  async idle(): Promise<void> {
    if (this.#busy) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #run(): void {
    this.#busy = true;
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      const done = task();
      if (done !== undefined) {
        void done.then(() => this.#run());
        return;
      }
    }
    this.#busy = false;
    for (const wake of this.#idle.splice(0)) wake();
  }
}
