/**
 * Keeps the promise to leave nothing behind when km itself is killed with SIGKILL: a shell, about 1 MB, that is blocked
 * on a pipe which only km holds. When km dies in whatever way, the pipe closes and the shell ends the server's group.
 * Linux and macOS; on Windows the system ends a process tree only through a job object, which Bun does not offer.
 */
import { closeSync, writeSync } from "node:fs";
import { openLibc, openPipe } from "./libc.ts";

export interface Watchdog {
  pid: number;
  /** The session ended as it should: nothing is left to watch. */
  dismiss(): void;
}

/**
 * Starts a server with a watchdog over its process group. The watchdog comes first, so that there is no moment in which
 * km can be killed and the server stays.
 *
 * @param start starts the server as the leader of a group of its own
 * @returns no watchdog where there is no shell: the session runs without
 */
export function startWatched<T extends { pid: number }>(
  start: () => T,
): { started: T; watchdog: Watchdog | undefined } {
  const watchdog = startWatchdog();
  try {
    const started = start();
    watchdog?.guard(started.pid);
    return { started, watchdog };
  } catch (error) {
    watchdog?.dismiss();
    throw error;
  }
}

/**
 * The first line is the group. Without a second, the server has got its end of file by km's death; then it is asked, and
 * then it is made to. Of the ways to write `kill`, dash, bash and busybox agree on this one.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM
read -r group || exit
read -r word && exit
gone() { for n in 1 2 3 4 5 6 7 8 9 10; do kill -0 "-$group" || exit; sleep 0.1; done; }
exec 2>/dev/null
gone
kill -TERM "-$group"
gone
kill -KILL "-$group"
`;

function startWatchdog(): (Watchdog & { guard(group: number): void }) | undefined {
  if (process.platform === "win32") return undefined;
  try {
    const pipe = openPipe(openLibc(), true);
    const shell = Bun.spawn(["/bin/sh", "-c", SCRIPT, "km-watchdog"], {
      stdin: pipe.readEnd,
      stdout: "ignore",
      stderr: "ignore",
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      // Not in km's group: what a terminal sends to km must not end its watchdog.
      detached: true,
    });
    shell.unref();
    closeSync(pipe.readEnd);
    return {
      pid: shell.pid,
      guard: (group: number) => tell(pipe.writeEnd, `${group}\n`),
      dismiss() {
        tell(pipe.writeEnd, "dismissed\n");
        closeSync(pipe.writeEnd);
      },
    };
  } catch {
    return undefined;
  }
}

/** At once: a stream would write with the next turn of the event loop, and km may not live to see that. */
function tell(writeEnd: number, line: string): void {
  try {
    writeSync(writeEnd, line);
  } catch {
    return; // somebody killed the watchdog; the session needs it only if km is killed too
  }
}
