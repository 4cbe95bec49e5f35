/** `takeOwner`: gives an open file the owner that another one has, where we may. */
import { fchownSync, type Stats } from "node:fs";

/** @returns false where only the administrator may: then the file is ours from now on */
export function takeOwner(descriptor: number, { uid, gid }: Stats): boolean {
  try {
    fchownSync(descriptor, uid, gid);
    return true;
  } catch {
    return false;
  }
}
