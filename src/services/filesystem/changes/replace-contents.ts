/**
 * `replaceContents`: a file with new contents, all of them or none: written beside it, brought to the disk, and put in its place. What
 * a hard link elsewhere leads to keeps the old ones.
 */
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";
import { KmError, systemCode } from "../../../errors.ts";
import { syncFolder } from "../../../sync-folder.ts";
import { takeOwner } from "../../../take-owner.ts";
import { shownPath } from "../shown-path.ts";
import { wholeFile } from "../contents/file-bytes.ts";
import type { Place } from "../places/locate.ts";
import { openFile } from "../places/open-file.ts";
import { onSystem, systemError } from "../places/system-error.ts";
import { temporaryName } from "./temporary-name.ts";

const USUAL_MODE = 0o666;

/**
 * @param before what is to be lost with it: unless it is there still, nothing is done; undefined where nothing may be there
 * @throws KmError as `systemError`, SVC_007 for what has changed meanwhile; then everything is as it was
 */
export function replaceContents(
  { folder, name, at, path, stats }: Place,
  bytes: Uint8Array,
  before: Uint8Array | undefined,
): void {
  const temporary = temporaryName();
  try {
    if (stats !== undefined) accessSync(at, constants.W_OK);
    writeTemporary(folder.at(temporary), bytes, stats);
    try {
      if (before === undefined) moveUnlessThere(folder.at(temporary), at, path);
      else {
        // As late as can be: to write the new contents, and to bring them to the disk, takes a while.
        refuseChanged({ at, path }, before);
        renameSync(folder.at(temporary), folder.at(name));
      }
    } catch (error) {
      remove(folder.at(temporary));
      throw error;
    }
    syncFolder(folder.self);
  } catch (error) {
    throw systemError(error, path);
  }
}

function refuseChanged(place: Pick<Place, "at" | "path">, before: Uint8Array): void {
  using file = openFile(place);
  if (wholeFile(file, before.length)?.equals(before) !== true) refuseOtherVersion("before", "after", place.path);
}

/** In one step where the file system can: what has come to be there meanwhile stays. */
export function moveUnlessThere(from: string, to: string, shown: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const code = systemCode(error);
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "EMLINK") throw error;
    // A file system without hard links.
    onSystem(shown, () => closeSync(openSync(to, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600)));
    renameSync(from, to);
    return;
  }
  unlinkSync(from);
}

function writeTemporary(temporary: string, bytes: Uint8Array, like: Stats | undefined): void {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants; // on Windows the last one is none, which is like 0
  const descriptor = openSync(
    temporary,
    O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW,
    like === undefined ? USUAL_MODE : 0o600,
  );
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    if (like !== undefined) {
      // The owner first: the system takes some bits of the mode away with it.
      const isOwned = takeOwner(descriptor, like);
      // What another group could read must not become readable to ours.
      fchmodSync(descriptor, like.mode & (isOwned ? 0o7777 : 0o0707));
    }
    fsyncSync(descriptor);
  } catch (error) {
    closeSync(descriptor);
    remove(temporary);
    throw error;
  }
  closeSync(descriptor);
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // What cannot be removed is left over, and named so that one sees whose it is.
  }
}

/** @throws KmError SVC_007 where a file is not what the caller has seen */
export function refuseOtherVersion(expected: string | undefined, found: string | undefined, path: string): void {
  if (expected === undefined || expected === found) return;
  throw new KmError(
    "SVC_007",
    `${shownPath(path)} is not what it was: ${found === undefined ? "it is gone" : "it has been changed"}`,
    {
      hint: "Read it again, and decide anew.",
    },
  );
}
