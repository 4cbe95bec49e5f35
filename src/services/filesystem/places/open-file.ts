/**
 * `openFile`: a regular file, opened without ever opening anything else: no pipe that waits for its other end, no device that does
 * something when it is opened, and nothing that a symbolic link has taken the place of.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, type Stats } from "node:fs";
import { KmError } from "../../../errors.ts";
import { shownPath } from "../shown-path.ts";
import { HAS_HANDLES, O_PATH } from "./held-folder.ts";
import type { Place } from "./locate.ts";
import { systemError } from "./system-error.ts";

export interface OpenFile extends Disposable {
  descriptor: number;
  stats: Stats;
}

/** Of macOS: fails where any name of the path is a symbolic link. */
const O_NOFOLLOW_ANY = 0x20000000;

/** @throws KmError SVC_004, SVC_006 or SVC_007 */
export function openFile({ at, path }: Pick<Place, "at" | "path">, flags: number = constants.O_RDONLY): OpenFile {
  try {
    const { descriptor, stats } = HAS_HANDLES ? throughHandle(at, path, flags) : byPath(path, flags);
    return { descriptor, stats, [Symbol.dispose]: () => closeSync(descriptor) };
  } catch (error) {
    throw systemError(error, path);
  }
}

/** What a thing is, as a word: `file`, `folder`, `link`, or what it is besides. */
export function kindOf(stats: Stats): string {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  if (stats.isSymbolicLink()) return "link";
  if (stats.isFIFO()) return "pipe";
  if (stats.isSocket()) return "socket";
  return stats.isCharacterDevice() || stats.isBlockDevice() ? "device" : "other";
}

/** What is looked at and what is opened is the same inode, whatever happens to the name. */
function throughHandle(at: string, path: string, flags: number): { descriptor: number; stats: Stats } {
  const handle = openSync(at, O_PATH | constants.O_NOFOLLOW);
  try {
    const stats = fstatSync(handle);
    refuseOther(stats, path);
    return { descriptor: openSync(`/proc/self/fd/${handle}`, flags), stats };
  } finally {
    closeSync(handle);
  }
}

/** Where there are no handles of that kind: opened without waiting, and checked before anything is read or written. */
function byPath(path: string, flags: number): { descriptor: number; stats: Stats } {
  const { O_NOFOLLOW, O_NONBLOCK } = constants; // on Windows there are none, which is like 0
  const strict = process.platform === "darwin" ? O_NOFOLLOW_ANY : O_NOFOLLOW;
  refuseOther(lstatSync(path), path); // to open a socket or a device may do something
  const descriptor = openSync(path, flags | strict | O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    refuseOther(stats, path);
    if (realpathSync.native(path) !== path) throw changedMeanwhile(path);
    return { descriptor, stats };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function refuseOther(stats: Stats, path: string): void {
  if (stats.isFile()) return;
  if (stats.isSymbolicLink()) throw changedMeanwhile(path);
  const hint = stats.isDirectory() ? { hint: "filesystem_list_directory shows what is in it." } : {};
  throw new KmError("SVC_007", `${shownPath(path)} is no file but a ${kindOf(stats)}`, hint);
}

function changedMeanwhile(path: string): KmError {
  return new KmError("SVC_007", `${shownPath(path)} was changed while it was opened`, { hint: "Try again." });
}
