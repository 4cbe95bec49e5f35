/**
 * `watchFiles`: tells when files have changed, whichever way: written anew, replaced, or behind a link that leads elsewhere
 * now, as Kubernetes renews what it mounts. It asks for them again and again, since no system tells of all of that.
 */
import { stat } from "node:fs/promises";
import { systemCode } from "../../errors.ts";
import { pause } from "../../process/pause.ts";

export interface FileWatch {
  stop(): void;
}

export interface WatchOptions {
  /** Which ones, asked each time. */
  files(): readonly string[];
  /** They have changed, and then stayed as they are for once. Awaited before they are looked at again. */
  changed(): Promise<void>;
  everyMs: number;
}

export function watchFiles({ files, changed, everyMs }: WatchOptions): FileWatch {
  const stopping = new AbortController();
  void (async () => {
    let known = await looks(files());
    let latest = known;
    while (!stopping.signal.aborted) {
      await pause(everyMs);
      const now = await looks(files());
      // A file that is being written may be right before it is whole: it counts when it rests.
      if (now !== known && now === latest && !stopping.signal.aborted) {
        await changed();
        // What was read meanwhile may be another state still, and there may be other files.
        known = now;
      }
      latest = now;
    }
  })();
  return { stop: () => stopping.abort() };
}

/** Equal for files that were not touched. */
async function looks(files: readonly string[]): Promise<string> {
  const all = await Promise.all(files.map(async (file) => `${file} ${await look(file)}`));
  return all.join("\n");
}

async function look(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
  } catch (error) {
    return systemCode(error) ?? "unreadable";
  }
}
