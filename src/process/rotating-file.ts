/**
 * `RotatingFile`: a file that lines are appended to. When it has grown to its size it becomes `<file>.1`, the one before that
 * `<file>.2`, and the oldest goes. For the user alone (0600), whatever it was before.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../errors.ts";

export interface RotationOptions {
  maxBytes: number;
  /** How many there are besides the one that is written. */
  keep: number;
}

export const DEFAULT_ROTATION: RotationOptions = { maxBytes: 10 << 20, keep: 5 };

export class RotatingFile {
  readonly file: string;
  readonly #options: RotationOptions;
  #descriptor: number | undefined;
  #bytes = 0;
  /** What was last written was cut: what comes next begins a line of its own. */
  #isTorn = false;

  constructor(file: string, options: RotationOptions) {
    this.file = file;
    this.#options = options;
  }

  /** @throws Error of the system, where it cannot be opened */
  open(): void {
    if (this.#descriptor !== undefined) return;
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    // A link could lead anywhere; a pipe would wait for its reader.
    const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
    const descriptor = openSync(this.file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) {
      closeSync(descriptor);
      throw Object.assign(new Error("it is no file"), { code: "ENOTSUP" });
    }
    if (process.platform !== "win32") fchmodSync(descriptor, 0o600);
    this.#descriptor = descriptor;
    this.#bytes = stat.size;
  }

  /**
   * @param lines each with its line feed
   * @throws Error of the system, such as for a full disk; the next attempt may go well
   */
  append(lines: string): void {
    const bytes = Buffer.from(this.#isTorn ? `\n${lines}` : lines);
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#options.maxBytes) this.#rotate();
    this.open();
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return;
    for (let at = 0; at < bytes.length;) {
      this.#isTorn = at > 0 || this.#isTorn;
      const count = writeSync(descriptor, bytes, at);
      at += count;
      this.#bytes += count;
    }
    this.#isTorn = false;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #rotate(): void {
    const isOurs = this.#isStillThere();
    this.close();
    this.#isTorn = false;
    // Another process that writes it too may have done so already.
    if (!isOurs) return;
    const { keep } = this.#options;
    rmSync(`${this.file}.${keep}`, { force: true });
    for (let number = keep - 1; number >= 1; number--) move(`${this.file}.${number}`, `${this.file}.${number + 1}`);
    move(this.file, `${this.file}.1`);
  }

  #isStillThere(): boolean {
    if (this.#descriptor === undefined) return true;
    const here = statSync(this.file, { throwIfNoEntry: false });
    const { ino, dev } = fstatSync(this.#descriptor);
    return here?.ino === ino && here.dev === dev;
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
