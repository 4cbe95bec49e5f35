/** `syncFolder`: asks for the entries of a folder to be on the disk, where the system can. */
import { closeSync, fsyncSync, openSync } from "node:fs";

export function syncFolder(folder: string): void {
  if (process.platform === "win32") return; // folders cannot be opened
  let descriptor: number | undefined;
  try {
    descriptor = openSync(folder, "r");
    fsyncSync(descriptor);
  } catch {
    // some file systems do not offer it: the order of writes is then up to them
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
