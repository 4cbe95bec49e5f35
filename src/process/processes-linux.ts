/** `processesOnLinux` and `processOnLinux`: all processes or one, as /proc tells them. */
import { readdir, readFile, stat } from "node:fs/promises";
import type { ProcessFacts, Program } from "./process-facts.ts";

/** Fields of /proc/<pid>/stat behind the command, see proc(5). */
const [STATE, PARENT, GROUP, SESSION, TERMINAL, START] = [0, 1, 2, 3, 4, 19];
/** USER_HZ: 100 on every Linux that Bun runs on. */
const TICKS_PER_SECOND = 100;

export async function processesOnLinux(): Promise<ProcessFacts[]> {
  const boot = await bootTime();
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const facts = await Promise.all(pids.map((pid) => linuxFacts(pid, boot)));
  return facts.filter((one) => one !== undefined);
}

/** Undefined where it is gone or only waits to be reaped. */
export async function processOnLinux(pid: number): Promise<ProcessFacts | undefined> {
  return await linuxFacts(pid, await bootTime());
}

/** Undefined where it is gone. */
export async function programOnLinux(pid: number): Promise<Program | undefined> {
  try {
    const [stat, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "latin1"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    const fields = fieldsOf(stat);
    const leadsTerminal = Number(fields[SESSION]) === pid && fields[TERMINAL] !== "0";
    return { words: command.replace(/\0$/, "").split("\0"), leadsTerminal };
  } catch {
    return undefined;
  }
}

/** Seconds since the epoch. */
async function bootTime(): Promise<number> {
  const text = await readFile("/proc/stat", "latin1").catch(() => "");
  return Number(/^btime (\d+)$/m.exec(text)?.[1]);
}

async function linuxFacts(pid: number, boot: number): Promise<ProcessFacts | undefined> {
  try {
    const [text, { uid }] = await Promise.all([readFile(`/proc/${pid}/stat`, "latin1"), stat(`/proc/${pid}`)]);
    const fields = fieldsOf(text);
    if (fields[STATE] === "Z" || fields[STATE] === "X") return undefined;
    const ticks = fields[START] ?? "";
    return {
      pid,
      parent: Number(fields[PARENT]),
      group: Number(fields[GROUP]),
      session: Number(fields[SESSION]),
      user: uid,
      startedMs: (boot + Number(ticks) / TICKS_PER_SECOND) * 1000,
      startKey: ticks,
    };
  } catch {
    return undefined; // gone meanwhile
  }
}

/** The command may hold blanks and parentheses: what follows its last parenthesis is regular. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
