/** `removeLeftovers`: removes what a km that was killed has left in a folder, in which something is to be changed anyway. */
import type { HeldFolder } from "../places/held-folder.ts";
import { namesIn } from "../reading/entries.ts";
import { removeTree } from "./remove-tree.ts";
import { isAbandoned } from "./temporary-name.ts";

/** Never throws: what cannot be removed now is tried again the next time. */
export async function removeLeftovers(folder: HeldFolder, signal: AbortSignal): Promise<void> {
  try {
    for (const name of namesIn(folder).filter(isAbandoned)) await removeTree(folder, name, signal, () => undefined);
  } catch {
    // It may be that the folder can be changed and not listed.
  }
}
