/**
 * `HeldFolder`: a folder that stays the same one while it is used. On Linux it is held open, and what is in it is reached through
 * that (`/proc/self/fd/7/name`), so that nobody can put a symbolic link into the way between a check and the use. Elsewhere there
 * is no such way: there it is its real path.
 */
import { closeSync, constants, lstatSync, openSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../../errors.ts";

/** Opens nothing, and needs no right to read: only to go through. */
export const O_PATH = 0x200000;
export const HAS_HANDLES = process.platform === "linux";

export class HeldFolder implements Disposable {
  /** Where it really is now. */
  readonly path: string;
  readonly #descriptor: number | undefined;

  private constructor(path: string, descriptor: number | undefined) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /** @throws the system's error */
  static open(path: string): HeldFolder {
    if (!HAS_HANDLES) return new HeldFolder(realpathSync.native(path), undefined);
    const descriptor = openSync(path, O_PATH | constants.O_DIRECTORY);
    return HeldFolder.#held(descriptor);
  }

  /** A folder in this one: "link" for a symbolic link, "other" for what is neither, "missing". */
  child(name: string): HeldFolder | "link" | "other" | "missing" {
    try {
      if (HAS_HANDLES) {
        return HeldFolder.#held(openSync(this.at(name), O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW));
      }
      const stats = lstatSync(this.at(name));
      if (stats.isSymbolicLink()) return "link";
      return stats.isDirectory() ? new HeldFolder(realpathSync.native(this.at(name)), undefined) : "other";
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT") return "missing";
      if (code === "ENOTDIR" || code === "ELOOP") return this.#isLink(name) ? "link" : "other";
      throw error;
    }
  }

  /** What the system is given for something in it. */
  at(name: string): string {
    return this.#descriptor === undefined ? join(this.path, name) : `/proc/self/fd/${this.#descriptor}/${name}`;
  }

  /** The same for the folder itself. */
  get self(): string {
    return this.at(".");
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  #isLink(name: string): boolean {
    return lstatSync(this.at(name), { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  }

  static #held(descriptor: number): HeldFolder {
    try {
      return new HeldFolder(readlinkSync(`/proc/self/fd/${descriptor}`), descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }
}
