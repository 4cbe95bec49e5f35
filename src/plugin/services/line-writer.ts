/** `LineWriter`: whole lines for an open file, whatever happens to the disk. */
import { writeSync } from "node:fs";

export class LineWriter {
  readonly #fd: number;
  #isTorn = false;

  /** @param fd open for appending, so that several processes can write at once */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * What a full disk took only a part of is ended before the next line, so that it spoils no other.
   *
   * @param lines one or more, each with its line feed
   */
  write(lines: string): void {
    const bytes = Buffer.from(this.#isTorn ? `\n${lines}` : lines);
    for (let at = 0; at < bytes.length;) {
      at += writeSync(this.#fd, bytes, at);
      this.#isTorn = at < bytes.length;
    }
  }
}
