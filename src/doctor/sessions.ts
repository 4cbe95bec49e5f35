/** `checkSessions`: how much is recorded, measured by what may be kept. */
import { loadConfig } from "../config/load.ts";
import { formatBytes, formatDuration } from "../config/units.ts";
import { messageOf } from "../errors.ts";
import { sessionsFolder } from "../journal/layout.ts";
import { openSession } from "../journal/sessions.ts";
import { shellWord } from "../shell-word.ts";
import type { Finding, Surroundings } from "./check.ts";
import { type SessionFolder, sessionFolders } from "./session-folders.ts";
import { writability } from "./writability.ts";
import { counted } from "../counted.ts";

/** What was counted by then is shown: many recordings are no failure. */
const PATIENCE_MS = 2500;

const BASE = { id: "sessions", title: "recorded sessions" };

interface Totals {
  sessions: number;
  bytes: number;
  crashed: number;
  unreadable: number;
  /** False where time ran out first. */
  complete: boolean;
}

export async function checkSessions(surroundings: Surroundings): Promise<Finding[]> {
  const { paths } = surroundings;
  if (paths === undefined) return [];
  const data = await writability(paths.data);
  const blocked = data.state === "writable" ? await unwritable(sessionsFolder(paths.data)) : [];
  try {
    return [...blocked, ...(await countedSessions(surroundings, paths.data))];
  } catch (error) {
    // What keeps them from being listed has been named, here or by the check of the data folder.
    if (blocked.length > 0 || data.state === "unusable") return blocked;
    const folder = sessionsFolder(paths.data);
    const remedy = `Make ${folder} a folder that you can read: chmod u+rwx ${shellWord(folder)}`;
    return [{ ...BASE, status: "failure", detail: `they cannot be listed: ${messageOf(error)}`, remedy }];
  }
}

/** Each session gets a folder in this one, which may be another user's although the data folder is not. */
async function unwritable(folder: string): Promise<Finding[]> {
  const found = await writability(folder);
  if (found.state !== "unusable") return [];
  const remedy = `Make ${folder} a folder that you can write to, or name another data folder in KM_DATA_DIR.`;
  return [{ ...BASE, status: "failure", detail: `nothing is recorded: ${found.reason}`, remedy }];
}

async function countedSessions({ paths, env, cwd, home }: Surroundings, dataFolder: string): Promise<Finding[]> {
  if (paths === undefined) return [];
  const { values } = await loadConfig({ paths, env, cwd, home });
  const { max_age: maxAge, max_size: maxSize } = values.journal.retention;
  const { sessions, bytes, crashed, unreadable, complete } = await count(dataFolder);
  const detail = [
    complete ? "" : "at least ",
    `${counted(sessions, "session")}, ${formatBytes(bytes)}`,
    ` (kept: ${formatBytes(maxSize)}, ${formatDuration(maxAge)})`,
    // Nothing need be done: the oldest are removed at the end of a session, once a day.
    bytes > maxSize ? "; the oldest are removed in time" : "",
    crashed === 0 ? "" : `; ${crashed} ended without km, and can be read up to there`,
    values.journal.enabled ? "" : "; recording is switched off (journal.enabled)",
  ].join("");
  const findings: Finding[] = [{ ...BASE, status: "ok", detail }];
  if (unreadable > 0) {
    findings.push({
      id: "sessions.unreadable",
      status: "warning",
      title: "recorded sessions",
      detail: `this km cannot read ${unreadable} of them: a newer one recorded them, they are damaged, or not yours`,
      remedy: `Look into ${dataFolder}, or update km: km update`,
    });
  }
  return findings;
}

async function count(dataFolder: string): Promise<Totals> {
  const totals: Totals = { sessions: 0, bytes: 0, crashed: 0, unreadable: 0, complete: true };
  const deadline = performance.now() + PATIENCE_MS;
  for await (const portion of sessionFolders(dataFolder)) {
    if (performance.now() > deadline) return { ...totals, complete: false };
    totals.sessions += portion.length;
    totals.bytes += portion.reduce((sum, { bytes }) => sum + bytes, 0);
    const states = await Promise.all(portion.map(stateOf));
    totals.crashed += states.filter((state) => state === "crashed").length;
    totals.unreadable += states.filter((state) => state === "unreadable").length;
  }
  return totals;
}

async function stateOf({ path, isReadable }: SessionFolder): Promise<"running" | "ended" | "crashed" | "unreadable"> {
  if (!isReadable) return "unreadable";
  return await openSession(path).then(
    ({ state }) => state,
    () => "unreadable",
  );
}
