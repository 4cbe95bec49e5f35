/** `checkOrphans`: servers that still run although the km that started them is gone, as after a crash. */
import { hostname } from "node:os";
import { readSessionInfo } from "../journal/info.ts";
import { openSession, type Session, shortId } from "../journal/sessions.ts";
import { allProcesses } from "../process/all-processes.ts";
import { endOrphanedGroup, orphanedGroup, type RecordedServer } from "../process/orphaned-group.ts";
import type { ProcessFacts } from "../process/process-facts.ts";
import type { SessionInfo } from "../stream/event.ts";
import type { Finding, Surroundings } from "./check.ts";
import { sessionFolders } from "./session-folders.ts";

/** Of any number of sessions the newest are looked at by then, to which a server that runs will belong. */
const PATIENCE_MS = 2500;

export async function checkOrphans({ paths, platform }: Surroundings): Promise<Finding[]> {
  const base = { id: "orphans", status: "ok" as const, title: "servers left behind" };
  if (platform === "win32") return [{ ...base, detail: "not looked for on Windows" }];
  if (paths === undefined) return [];
  const user = process.getuid?.() ?? -1;
  const processes = await allProcesses();
  const orphans: Finding[] = [];
  const deadline = performance.now() + PATIENCE_MS;
  let seen = 0;
  for await (const portion of sessionFolders(paths.data)) {
    if (performance.now() > deadline) {
      return orphans.length > 0 ? orphans : [{ ...base, detail: `none of the ${seen} newest sessions` }];
    }
    seen += portion.length;
    // Totals are written when the server has ended.
    const candidates = portion.filter(({ hasSummary, isReadable }) => !hasSummary && isReadable);
    const found = await Promise.all(candidates.map(({ path }) => orphanOf(path, processes, user)));
    orphans.push(...found.filter((one) => one !== undefined));
  }
  return orphans.length === 0 ? [{ ...base, detail: "none" }] : orphans;
}

async function orphanOf(folder: string, processes: ProcessFacts[], user: number): Promise<Finding | undefined> {
  try {
    // Most sessions are told apart by this alone; reading a journal takes longer.
    const group = groupOf(await readSessionInfo(folder), processes, user);
    if (group.length === 0) return undefined;
    const session = await openSession(folder);
    return session.state === "crashed" ? orphan(session, group, user) : undefined;
  } catch {
    return undefined; // the check of the sessions says which cannot be read
  }
}

function groupOf(info: SessionInfo, processes: ProcessFacts[], user: number): ProcessFacts[] {
  return info.hostname === hostname() ? orphanedGroup(serverOf(info), processes, user) : [];
}

function serverOf({ server_pid: pid = 0, km_pid: kmPid, started_at: startedAt }: SessionInfo): RecordedServer {
  return { pid, kmPid, startedMs: Date.parse(startedAt) };
}

function orphan({ folder, info }: Session, group: ProcessFacts[], user: number): Finding {
  const { pid } = serverOf(info);
  const processes = group.length === 1 ? "1 process" : `${group.length} processes`;
  return {
    id: "orphans.server",
    status: "failure",
    title: `server ${info.name}`,
    detail: `still runs although its km is gone: process ${pid}, ${processes}, session ${shortId(info.session_id)}`,
    remedy: "Run: km doctor --fix",
    async fix() {
      const again = await openSession(folder);
      if (again.state !== "crashed") throw new Error("its km is still there");
      if (!(await endOrphanedGroup(serverOf(again.info), user))) throw new Error(`process ${pid} does not end`);
      return `ended process ${pid} and what it had started`;
    },
  };
}
