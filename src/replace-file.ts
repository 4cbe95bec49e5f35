/** `replaceFile`: puts new bytes in the place of somebody's file, all of them or none. */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { isAlive } from "./process/is-alive.ts";
import { syncFolder } from "./sync-folder.ts";
import { takeOwner } from "./take-owner.ts";

/** Writing takes milliseconds: a temporary file this old is nobody's, though another process may have its writer's id. */
const ABANDONED_MS = 60_000;

/**
 * Mode and, where we may, owner stay. The bytes are on the disk before they take the file's place.
 *
 * @param target no symbolic link
 * @param before what the file must still hold
 * @returns false, and nothing has changed, where it holds something else
 */
export function replaceFile(target: string, before: Uint8Array, after: Uint8Array): boolean {
  const folder = dirname(target);
  const temporary = join(folder, `${temporaryPrefix(target)}${process.pid}.tmp`);
  rmSync(temporary, { force: true });
  try {
    writeTemporary(temporary, after, statSync(target));
    if (Buffer.compare(readFileSync(target), before) !== 0) {
      rmSync(temporary, { force: true });
      return false;
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
  return true;
}

/** Removes the temporary files that killed runs left beside the file. */
export function removeTemporaries(target: string): void {
  const folder = dirname(target);
  const prefix = temporaryPrefix(target);
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(prefix) ? /^(\d+)\.tmp$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid === undefined) continue;
    const file = join(folder, name);
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > ABANDONED_MS || Number(pid) === process.pid || !isAlive(Number(pid))) rmSync(file, { force: true });
  }
}

function temporaryPrefix(target: string): string {
  return `.${basename(target)}.km-`;
}

function writeTemporary(file: string, bytes: Uint8Array, like: Stats): void {
  const descriptor = openSync(file, "wx", 0o600);
  try {
    writeFileSync(descriptor, bytes);
    if (process.platform !== "win32") {
      // The owner first: the system takes some bits of the mode away with it.
      const isOwned = takeOwner(descriptor, like);
      // What another group could read must not become readable to ours.
      fchmodSync(descriptor, like.mode & (isOwned ? 0o7777 : 0o0707));
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
