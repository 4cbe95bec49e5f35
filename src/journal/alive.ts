/** `isRecording`: whether the km process of a session is still there. */
import { readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join, sep } from "node:path";
import { systemCode } from "../errors.ts";
import type { SessionInfo } from "../stream/event.ts";

/** How far the start of the process and `started_at` may lie apart: km's own start, and small steps of the clock. */
const START_TOLERANCE_MS = 10_000;
/** Fields of /proc/<pid>/stat behind the command: state is the first, starttime the twentieth. */
const STATE_FIELD = 0;
const START_FIELD = 19;
/** USER_HZ: 100 on every Linux that Bun runs on. */
const TICKS_PER_SECOND = 100;
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
  if (!exists(session.km_pid)) return false;
  if (process.platform !== "linux") return true;
  const started = await processStart(session.km_pid);
  if (started === undefined) return false;
  if (Math.abs(started - Date.parse(session.started_at)) < START_TOLERANCE_MS) return true;
  return await hasOpen(session.km_pid, folder);
}

function exists(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

/** Milliseconds since the epoch, or undefined where the process is gone or only waits to be reaped. */
async function processStart(pid: number): Promise<number | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "latin1");
    // The command may hold blanks and parentheses: what follows its last parenthesis is regular.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (fields[STATE_FIELD] === "Z") return undefined;
    const boot = /^btime (\d+)$/m.exec(await readFile("/proc/stat", "latin1"));
    return (Number(boot?.[1]) + Number(fields[START_FIELD]) / TICKS_PER_SECOND) * 1000;
  } catch {
    return undefined;
  }
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
