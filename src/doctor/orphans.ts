/** `checkOrphans`: servers that still run although the km that started them is gone, as after a crash. */
import { readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { readSessionInfo } from "../journal/info.ts";
import { openSession, type Session } from "../journal/sessions.ts";
import { allProcesses } from "../process/all-processes.ts";
import { endOrphanedGroup, orphanedGroup, type RecordedServer } from "../process/orphaned-group.ts";
import type { ProcessFacts } from "../process/process-facts.ts";
import type { SessionInfo } from "../stream/event.ts";
import { shortId } from "../stream/session-id.ts";
import type { Finding, Surroundings } from "./check.ts";
import { sessionFolders } from "./session-folders.ts";
import { counted } from "../counted.ts";

/** Of any number of sessions the newest are looked at by then, to which a server that runs will belong. */
const PATIENCE_MS = 2500;

const BASE = { id: "orphans", status: "ok" as const, title: "servers left behind" };

export async function checkOrphans({ paths, platform }: Surroundings): Promise<Finding[]> {
  if (platform === "win32") return [{ ...BASE, detail: "not looked for on Windows" }];
  if (paths === undefined) return [];
  try {
    return await orphansIn(paths.data);
  } catch {
    return [{ ...BASE, detail: "not looked for: the recordings cannot be listed" }]; // the check of the sessions says why
  }
}

async function orphansIn(dataFolder: string): Promise<Finding[]> {
  const user = process.getuid?.() ?? -1;
  const processes = await allProcesses();
  const orphans: Finding[] = [];
  const deadline = performance.now() + PATIENCE_MS;
  let seen = 0;
  for await (const portion of sessionFolders(dataFolder)) {
    if (performance.now() > deadline) {
      return orphans.length > 0 ? orphans : [{ ...BASE, detail: `none of the ${seen} newest sessions` }];
    }
    seen += portion.length;
    // Totals are written when the server has ended.
    const candidates = portion.filter(({ hasSummary, isReadable }) => !hasSummary && isReadable);
    const found = await Promise.all(candidates.map(({ path }) => orphanOf(path, processes, user)));
    orphans.push(...found.filter((one) => one !== undefined));
  }
  return orphans.length === 0 ? [{ ...BASE, detail: "none" }] : orphans;
}

async function orphanOf(folder: string, processes: ProcessFacts[], user: number): Promise<Finding | undefined> {
  try {
    // Most sessions are told apart by this alone; reading a journal takes longer.
    const server = serverOf(await readSessionInfo(folder));
    const group = server === undefined ? [] : orphanedGroup(server, processes, user);
    if (server === undefined || group.length === 0 || !(await isInOwnNamespace(server.pid))) return undefined;
    const session = await openSession(folder);
    return session.state === "crashed" ? orphan(session, server, group.length, user) : undefined;
  } catch {
    return undefined; // the check of the sessions says which cannot be read
  }
}

/** Undefined for a recording whose process ids mean nothing here, and so name other processes if any. */
function serverOf(info: SessionInfo): RecordedServer | undefined {
  const { server_pid: pid = 0, km_pid: kmPid, started_at: startedAt, hostname: host, platform } = info;
  // With a km that was process 1 of a container, all others of the container ended too.
  if (!Number.isInteger(kmPid) || kmPid <= 1) return undefined;
  if (host !== hostname() || platform !== `${process.platform}-${process.arch}`) return undefined;
  return { pid, kmPid, startedMs: Date.parse(startedAt) };
}

/** A container that shares the recordings counts its processes by itself. False also where it cannot be told. */
async function isInOwnNamespace(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const [own, its] = await Promise.all(
    ["self", pid].map((name) => readlink(`/proc/${name}/ns/pid`).catch(() => undefined)),
  );
  return own !== undefined && own === its;
}

function orphan({ folder, info }: Session, server: RecordedServer, size: number, user: number): Finding {
  const { pid } = server;
  const processes = counted(size, "process", "processes");
  return {
    id: "orphans.server",
    status: "failure",
    title: `server ${info.name === "" ? "(no name)" : info.name}`,
    detail: `still runs although its km is gone: process ${pid}, ${processes}, session ${shortId(info.session_id)}`,
    remedy: "Run: km doctor --fix",
    async fix() {
      const again = await openSession(folder);
      if (again.state !== "crashed") throw new Error("its km is still there");
      if (!(await isInOwnNamespace(pid))) throw new Error(`process ${pid} is gone, or another one by now`);
      if (!(await endOrphanedGroup(server, user))) throw new Error(`process ${pid} does not end`);
      return `ended process ${pid} and what it had started`;
    },
  };
}
