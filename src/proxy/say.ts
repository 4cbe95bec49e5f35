/** Lines to stderr, without process.stderr: loading Node's streams and terminals costs 3 ms and some megabytes. */
import { write, writeSync } from "node:fs";

/** At once, and only when somebody reads: for the few words that km has to say itself. */
export function sayLine(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    return; // nobody listens
  }
}

/** What may wait for a reader of stderr. */
const MOST_WAITING = 1000;
let waiting = 0;
let writing: Promise<void> = Promise.resolve();

/** One line to stderr without waiting for anybody to read it; where nobody does, it is dropped. */
export function sayLater(line: string): void {
  if (waiting >= MOST_WAITING) return;
  waiting++;
  writing = writeAfter(writing, `${line}\n`);
}

/** Resolves when the lines said so far are written. */
export async function said(): Promise<void> {
  await writing;
}

/** On a thread of its own: a stream would make the open file non-blocking, which the client may share with others. */
async function writeAfter(before: Promise<void>, text: string): Promise<void> {
  await before;
  const { promise, resolve } = Promise.withResolvers<void>();
  write(2, text, () => resolve());
  await promise;
  waiting--;
}
