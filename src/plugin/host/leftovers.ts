/**
 * Sessions whose plugins did not get everything: km and its plugin host were killed, or the machine was switched off. The
 * host of a later session delivers the rest.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { sessionsFolder } from "../../journal/layout.ts";
import { isHost } from "../is-host.ts";
import { sessionPluginsFolder, unrecordedSessionsFolder } from "../layout.ts";
import { namesIn } from "../names-in.ts";
import { type PluginStatus, statusesIn } from "../status.ts";

export interface Leftover {
  /** Of the session. */
  folder: string;
  /** The plugins that wait for something; one of the same name in another folder is another plugin. */
  plugins: Pick<PluginStatus, "name" | "folder">[];
  /** How often somebody tried in vain. */
  attempts: number;
}

/** After so many hosts in vain the rest is given up. */
const MOST_ATTEMPTS = 3;

/** Those first that were tried most often, then the oldest. Sessions that a host is at work on are not among them. */
export function findLeftovers(dataFolder: string): Leftover[] {
  const sessions = sessionsFolder(dataFolder);
  return namesIn(sessions)
    .sort()
    .map((id) => leftoverIn(join(sessions, id)))
    .filter(({ plugins }) => plugins.length > 0)
    .sort((a, b) => b.attempts - a.attempts);
}

/**
 * Takes a session for this process, so that no two hosts deliver the same.
 *
 * @returns undefined where another one has it
 */
export function claimLeftover({ folder }: Leftover): Disposable | undefined {
  const file = join(sessionPluginsFolder(folder), "catching-up");
  const own = `${file}.${process.pid}`;
  try {
    writeFileSync(own, String(process.pid), { mode: 0o600 });
    if (isStale(file)) rmSync(file, { force: true });
    linkSync(own, file); // with its content from the first moment on
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  } finally {
    rmSync(own, { force: true });
  }
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

/** Whether its holder was killed. */
function isStale(file: string): boolean {
  try {
    return !isHost(Number(readFileSync(file, "latin1")));
  } catch {
    return false; // there is none
  }
}

/** Removes what killed hosts left of sessions that were not recorded: nothing of them can be delivered any more. */
export function clearUnrecorded(stateFolder: string): void {
  const folder = unrecordedSessionsFolder(stateFolder);
  for (const id of namesIn(folder)) {
    const session = join(folder, id);
    const statuses = statusesIn(sessionPluginsFolder(session));
    if (statuses.length === 0 || statuses.some((status) => isHost(status.host_pid))) continue;
    rmSync(session, { recursive: true, force: true });
  }
}

function leftoverIn(folder: string): Leftover {
  const waiting = statusesIn(sessionPluginsFolder(folder)).filter(waits);
  const attempts = Math.max(0, ...waiting.map((status) => status.attempts));
  return { folder, plugins: waiting, attempts };
}

function waits(status: PluginStatus): boolean {
  return !status.finished && status.attempts < MOST_ATTEMPTS && !isHost(status.host_pid);
}
