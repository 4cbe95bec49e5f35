/** Puts a new executable in the place of the one that may be running, so that at every moment one of them is there. */
import { constants, copyFileSync, linkSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "../sync-folder.ts";
import { replaceOnWindows } from "./replace-windows.ts";
import type { Replacement } from "./replacement.ts";

/** @param previous a free path in the same folder, for the old one while it may be needed */
export function replaceExecutable(fresh: string, executable: string, previous: string): Replacement {
  if (process.platform === "win32") return replaceOnWindows(fresh, executable, previous);
  const folder = dirname(executable);
  try {
    keepAside(executable, previous);
    renameSync(fresh, executable);
  } catch (error) {
    rmSync(previous, { force: true });
    throw error;
  }
  syncFolder(folder);
  return {
    rollBack() {
      renameSync(previous, executable);
      syncFolder(folder);
    },
    keep() {
      rmSync(previous, { force: true });
    },
  };
}

function keepAside(executable: string, previous: string): void {
  try {
    linkSync(executable, previous);
  } catch {
    // A file system without links, or somebody else's file, to which not everyone may make one.
    copyFileSync(executable, previous, constants.COPYFILE_EXCL);
  }
}
