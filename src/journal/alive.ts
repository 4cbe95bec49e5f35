/** `isRecording`: whether the km process of a session is still there. */
import { readdir, readlink, realpath, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join, sep } from "node:path";
import { isAlive } from "../process/is-alive.ts";
import { processOnLinux } from "../process/processes-linux.ts";
import type { SessionInfo } from "../stream/event.ts";

/** How far the start of the process and `started_at` may lie apart: km's own start, and small steps of the clock. */
const START_TOLERANCE_MS = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * A process with the recorded id may be another one by now. On Linux it counts as km's only if it has a file of the
 * session open or was started when the session began; a container that restarts gives its new km the same id and
 * hostname, so neither of these would tell.
 *
 * The processes of another machine cannot be seen: its session counts as recording for a day after its last write.
 */
export async function isRecording(folder: string, session: SessionInfo): Promise<boolean> {
  if (await isItsProcess(folder, session)) return true;
  return session.hostname !== hostname() && Date.now() - (await lastWrite(folder)) < DAY_MS;
}

/** When something in the folder was last written, in milliseconds; 0 where nothing can be read. */
export async function lastWrite(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const times = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (file) => file.mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(0, ...times);
}

async function isItsProcess(folder: string, session: SessionInfo): Promise<boolean> {
  if (!isAlive(session.km_pid)) return false;
  if (process.platform !== "linux") return true;
  const started = (await processOnLinux(session.km_pid))?.startedMs;
  if (started === undefined) return false;
  if (Math.abs(started - Date.parse(session.started_at)) < START_TOLERANCE_MS) return true;
  return await hasOpen(session.km_pid, folder);
}

/** False also where the descriptors of that process may not be seen. */
async function hasOpen(pid: number, folder: string): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const inside = (await realpath(folder).catch(() => folder)) + sep;
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
    if (target.startsWith(inside)) return true;
  }
  return false;
}
