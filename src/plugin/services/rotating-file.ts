/** `RotatingFile`: lines that several processes append to one file, which begins anew when it is full. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { claim } from "./claim.ts";
import { LineWriter } from "./line-writer.ts";

export class RotatingFile {
  readonly #file: string;
  readonly #older: string;
  readonly #maxBytes: number;
  #open: { fd: number; inode: bigint; writer: LineWriter } | undefined;

  /** @param older what the file is called when it is full; what was there before goes */
  constructor(file: string, older: string, maxBytes: number) {
    this.#file = file;
    this.#older = older;
    this.#maxBytes = maxBytes;
  }

  /**
   * @param lines one or more, each with its line feed
   * @throws a system error
   */
  append(lines: string): void {
    if (this.#isFull()) claim(`${this.#file}.claim`, () => this.#isFull() && renameSync(this.#file, this.#older));
    this.#current().write(lines);
  }

  close(): void {
    if (this.#open === undefined) return;
    closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #isFull(): boolean {
    return (statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0) >= this.#maxBytes;
  }

  /** Another process may have renamed the file that is open here, or somebody deleted it. */
  #current(): LineWriter {
    const inode = statSync(this.#file, { bigint: true, throwIfNoEntry: false })?.ino;
    if (this.#open !== undefined && this.#open.inode === inode) return this.#open.writer;
    this.close();
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    const fd = openSync(this.#file, "a", 0o600);
    this.#open = { fd, inode: fstatSync(fd, { bigint: true }).ino, writer: new LineWriter(fd) };
    return this.#open.writer;
  }
}
