/** `entriesOf`: what is in a folder, in the order of names. */
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { systemCode } from "../../../errors.ts";
import type { FilesystemBackend } from "../backend.ts";
import type { HeldFolder } from "../places/held-folder.ts";
import { kindOf } from "../places/open-file.ts";

export interface Entry {
  name: string;
  /** `file`, `folder`, `link` or another; `unnamed` where its name is no text, so that it cannot be named. */
  kind: string;
  /** Undefined where it was gone a moment later, or has no name. */
  stats: Stats | undefined;
}

/** @throws the system's error */
export function namesIn(folder: HeldFolder): string[] {
  return readdirSync(folder.self).sort();
}

export function entryOf(folder: HeldFolder, name: string): Entry {
  try {
    const stats = lstatSync(folder.at(name), { throwIfNoEntry: false });
    if (stats !== undefined) return { name, kind: kindOf(stats), stats };
    return { name, kind: name.includes("\ufffd") ? "unnamed" : "gone", stats };
  } catch (error) {
    // The folder may be listed, and what is in it not looked at.
    if (systemCode(error) !== "EACCES") throw error;
    return { name, kind: "other", stats: undefined };
  }
}

/** Whether tools are kept from it. */
export function isKept({ denied }: Pick<FilesystemBackend, "denied">, names: readonly string[]): boolean {
  return denied.keptBy(names) !== undefined;
}
