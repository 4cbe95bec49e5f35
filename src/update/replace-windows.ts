/** The same for Windows, which lets a running executable be renamed, but neither replaced nor removed. Never run by us. */
import { renameSync, rmSync } from "node:fs";
import type { Replacement } from "./replacement.ts";

export function replaceOnWindows(fresh: string, executable: string, previous: string): Replacement {
  renameSync(executable, previous);
  try {
    renameSync(fresh, executable);
  } catch (error) {
    renameSync(previous, executable);
    throw error;
  }
  return {
    rollBack() {
      renameSync(executable, fresh);
      renameSync(previous, executable);
    },
    keep() {
      try {
        rmSync(previous, { force: true });
      } catch {
        // it still runs, this very process for one: a later update removes it with other leftovers
      }
    },
  };
}
