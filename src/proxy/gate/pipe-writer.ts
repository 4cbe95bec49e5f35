/**
 * `PipeWriter`: what the main thread says to the poll pump's, whose event loop never turns: lines of JSON in the pipe that
 * wakes it. An empty line only wakes it.
 */
import { ptr } from "bun:ffi";
import { type Libc, mayTryAgain, type Output, ownPipe, POLLOUT } from "../../process/libc.ts";
import { PollSet } from "../poll-set.ts";
import type { ToGate } from "./referral.ts";

const AGAIN_MS = 1;
const EMPTY_LINE = Buffer.from(new Uint8Array([10]).buffer);

export class PipeWriter {
  readonly #libc: Libc;
  readonly #set: PollSet;
  readonly #output: Output;
  #waiting: Buffer[] = [];
  #isWaiting = false;

  /** @param fd the write end of a pipe from `openPipe` */
  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#set = new PollSet(libc, 1);
    this.#output = ownPipe(fd);
  }

  /** Never blocks: what the pipe does not take waits. */
  readonly send = (message: ToGate): void => {
    this.#waiting.push(Buffer.from(`${JSON.stringify(message)}\n`));
    if (!this.#isWaiting) this.#write();
  };

  /** What waits wakes it as well, and nothing may come into the middle of a line. */
  readonly wake = (): void => {
    if (!this.#isWaiting) this.#writeSome(EMPTY_LINE);
  };

  readonly #write = (): void => {
    this.#isWaiting = false;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const written = this.#writeSome(next);
      if (written < 0) return; // the thread is gone
      if (written === next.length) continue;
      this.#waiting.unshift(next.subarray(written));
      if (written > 0) continue;
      this.#isWaiting = true;
      setTimeout(this.#write, AGAIN_MS);
      return;
    }
  };

  #writeSome(bytes: Buffer): number {
    const { fd, limit } = this.#output;
    if (limit !== Infinity && !this.#set.isReady(fd, POLLOUT)) return 0;
    const written = this.#libc.write(fd, ptr(bytes), Math.min(bytes.length, limit));
    return written < 0 && mayTryAgain(this.#libc) ? 0 : written;
  }
}
