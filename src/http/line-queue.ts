/** `LineQueue`: lines from many to one, who makes them wait when he does not take them. */

/** What may wait to be taken. */
const MOST_CHARACTERS = 1 << 20;

export class LineQueue implements AsyncIterable<string> {
  #lines: string[] = [];
  /** Characters that were brought and not taken. */
  #size = 0;
  #ended = false;
  #news = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();

  /** @returns a promise where its sender shall wait before it brings more */
  push(line: string): void | Promise<void> {
    if (this.#ended) return;
    this.#lines.push(line);
    this.#size += line.length;
    this.#news.resolve();
    if (this.#size > MOST_CHARACTERS) return this.#room.promise;
  }

  /** What waits can still be taken. */
  end(): void {
    this.#ended = true;
    this.#news.resolve();
    this.#room.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for await (const lines of this.batches()) yield* lines;
  }

  /** All lines that wait, at once. They count as taken when the next are asked for. */
  async *batches(): AsyncGenerator<string[]> {
    for (;;) {
      const lines = this.#lines;
      const size = this.#size;
      this.#lines = [];
      if (lines.length > 0) {
        yield lines;
        this.#size -= size;
        this.#room.resolve();
        this.#room = Promise.withResolvers();
      } else if (this.#ended) return;
      else {
        await this.#news.promise;
        this.#news = Promise.withResolvers();
      }
    }
  }
}
