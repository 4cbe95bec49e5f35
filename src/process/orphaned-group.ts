/** A server that lost its km, with all that it started: `orphanedGroup` recognises it, `endOrphanedGroup` ends it. */
import { allProcesses } from "./all-processes.ts";
import { pause } from "./pause.ts";
import type { ProcessFacts } from "./process-facts.ts";

/** What was recorded of a server when it was started. */
export interface RecordedServer {
  pid: number;
  kmPid: number;
  startedMs: number;
}

/** The start as recorded and as the system computes it from whole seconds. */
const START_TOLERANCE_MS = 3000;
const POLL_MS = 50;
const PATIENCE_MS = 2000;

/**
 * Another process may have the number by now. A server of km's is the leader of a group and of a session, belongs to
 * this user, and started when the recording says; whatever differs in one of these is not taken for it. While its km
 * is its parent, it has not lost it.
 *
 * @param processes as they are now
 * @returns the processes of its group; none where it has ended
 */
export function orphanedGroup(server: RecordedServer, processes: ProcessFacts[], user: number): ProcessFacts[] {
  const { pid, kmPid, startedMs } = server;
  if (!Number.isInteger(pid) || pid <= 1) return [];
  const leader = processes.find((one) => one.pid === pid);
  if (leader === undefined || leader.group !== pid || leader.user !== user) return [];
  if (leader.parent === kmPid) return [];
  if (leader.session !== undefined && leader.session !== pid) return [];
  if (!(Math.abs(leader.startedMs - startedMs) <= START_TOLERANCE_MS)) return [];
  return processes.filter((one) => one.group === pid);
}

/**
 * Asks, then insists. Looks again before each signal: it goes to the group only while a process is in it that was in
 * it at the last look, for then it is still the same.
 *
 * @returns whether the group is gone
 */
export async function endOrphanedGroup(server: RecordedServer, user: number): Promise<boolean> {
  let members = orphanedGroup(server, await allProcesses(), user);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (members.length === 0) return true;
    signalGroup(server.pid, signal);
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await pause(POLL_MS)) {
      members = stillThere(server.pid, members, await allProcesses());
      if (members.length === 0) return true;
    }
  }
  return false;
}

/** @returns all that is in the group now, or nothing where it is none of `before` */
export function stillThere(group: number, before: ProcessFacts[], processes: ProcessFacts[]): ProcessFacts[] {
  const known = new Set(before.map(identity));
  const now = processes.filter((one) => one.group === group);
  return now.some((one) => known.has(identity(one))) ? now : [];
}

function identity({ pid, startKey }: ProcessFacts): string {
  return `${pid} ${startKey}`;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    return; // gone meanwhile
  }
}
