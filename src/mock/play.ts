/** `playSteps`: what a server sent once, sent again at the moments at which it fits. */

export type Step =
  | { kind: "delay"; ms: number }
  | { kind: "wait"; after: string }
  /** One line. Where it has an `after`, it waits until the client has sent a message with this id. */
  | { kind: "send"; text: string; after: string | undefined };

/** @param send writes one line, given without its line feed */
export async function playSteps(steps: Step[], heard: Heard, send: (text: string) => Promise<void>): Promise<void> {
  for (const step of steps) {
    if (step.kind === "delay") await delay(step.ms, heard.ended);
    else if (step.kind === "wait") {
      // What comes behind it is for the answer that does not come.
      if (!(await heard.for(step.after))) return;
    } else if (step.after === undefined || (await heard.for(step.after))) await send(step.text);
  }
}

async function delay(ms: number, ended: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, ended]);
  clearTimeout(timer); // it would keep the process
}

/** The ids of what the client has sent so far. */
export class Heard {
  readonly #ids = new Set<string>();
  readonly #end = Promise.withResolvers<void>();
  #isOver = false;
  #news = Promise.withResolvers<void>();

  /** When the client says no more: nothing waits for it any longer. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  add(id: string): void {
    this.#ids.add(id);
    this.#tell();
  }

  end(): void {
    this.#isOver = true;
    this.#end.resolve();
    this.#tell();
  }

  /** False where it will never come. */
  async for(id: string): Promise<boolean> {
    while (!this.#ids.has(id)) {
      if (this.#isOver) return false;
      await this.#news.promise;
    }
    return true;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
