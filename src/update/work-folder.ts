/** The names under which an update works beside the executable, and the removal of what a killed one left there. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const OURS = /^\.km-(update\.\d+|previous\.\d+(\.exe)?)$/;

/** A folder: everything in it belongs to this process. */
export function workFolder(folder: string): string {
  return join(folder, `.km-update.${process.pid}`);
}

/** The old executable, until the new one has proved itself. */
export function previousFile(folder: string): string {
  return join(folder, `.km-previous.${process.pid}${process.platform === "win32" ? ".exe" : ""}`);
}

/** To be called with the lock on the folder. */
export function removeLeftovers(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return; // it is not there: neither is anything of ours
  }
  for (const name of names.filter((one) => OURS.test(one))) {
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // on Windows an old executable that still runs; another user's, somewhere shared
    }
  }
}
