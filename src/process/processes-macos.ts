/** `processesOnMacos`: all processes, as `ps` tells them. Not run on a Mac yet. */
import type { ProcessFacts, Program } from "./process-facts.ts";

const PATIENCE_MS = 2000;

export async function processesOnMacos(): Promise<ProcessFacts[]> {
  return parseProcesses(await ps("-axo", "pid=,ppid=,pgid=,uid=,stat=,lstart="));
}

/** Undefined where it is gone. */
export async function programOnMacos(pid: number): Promise<Program | undefined> {
  return parseProgram(await ps("-o", "stat=,tty=,command=", "-p", String(pid)));
}

async function ps(...words: string[]): Promise<string> {
  const child = Bun.spawn(["/bin/ps", "-ww", ...words], {
    stdio: ["ignore", "pipe", "ignore"],
    // The start is written in the local time zone otherwise, which need not be this process's.
    env: { LC_ALL: "C", TZ: "UTC" },
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
  });
  return await child.stdout.text();
}

/** @param text lines like `  501     1   501     0 Ss   Sat Nov 21 12:59:44 2026`, in UTC */
export function parseProcesses(text: string): ProcessFacts[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S.*\d{4})\s*$/.exec(line);
    if (match === null) return [];
    const [, pid, parent, group, user, state = "", start = ""] = match;
    const startedMs = Date.parse(`${start} UTC`);
    if (state.startsWith("Z") || Number.isNaN(startedMs)) return [];
    const ids = {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: undefined,
      user: Number(user),
    };
    return [{ ...ids, startedMs, startKey: start }];
  });
}

/** @param text a line like `Ss   ttys001  -zsh`; words that hold blanks cannot be told from several */
export function parseProgram(text: string): Program | undefined {
  const [, state, terminal, command] = /^\s*(\S+)\s+(\S+)\s+(\S.*?)\s*$/.exec(text) ?? [];
  if (state === undefined || command === undefined) return undefined;
  return { words: command.split(/\s+/), leadsTerminal: state.includes("s") && !/^\?+$/.test(terminal ?? "?") };
}
