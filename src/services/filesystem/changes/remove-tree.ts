/** `removeTree`: removes a file, or a folder with all that is in it; symbolic links are removed, never followed. */
import { rmdirSync, unlinkSync } from "node:fs";
import { pause } from "../../../process/pause.ts";
import { HeldFolder } from "../places/held-folder.ts";
import { entryOf, namesIn } from "../reading/entries.ts";

const AT_A_TIME = 200;

/** @throws the system's error; what was removed until then is gone */
export async function removeTree(
  folder: HeldFolder,
  name: string,
  signal: AbortSignal,
  removed: (path: string) => void,
): Promise<void> {
  let count = 0;
  const remove = async (held: HeldFolder, one: string): Promise<void> => {
    signal.throwIfAborted();
    if (++count % AT_A_TIME === 0) await pause(0);
    if (entryOf(held, one).kind === "folder") {
      const child = held.child(one);
      if (child instanceof HeldFolder) {
        try {
          for (const inner of namesIn(child)) await remove(child, inner);
        } finally {
          child[Symbol.dispose]();
        }
      }
      rmdirSync(held.at(one));
    } else unlinkSync(held.at(one));
    removed(`${held.path}/${one}`);
  };
  await remove(folder, name);
}
