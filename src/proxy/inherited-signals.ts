/**
 * Signals that km was started with as ignored, as `nohup` and some daemons do. A server started directly would inherit
 * that; Bun starts every child with the defaults.
 */
import { ptr } from "bun:ffi";
import { constants } from "node:os";
import { openLibc } from "../process/libc.ts";

const INHERITED = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCHLD"] as const;
type Inherited = (typeof INHERITED)[number];

/** More than `struct sigaction` takes on any platform; its first word is the handler. */
const ACTION_BYTES = 256;
const SIG_IGN = 1n;

/** Which of them are ignored. Call it once, before anything listens for signals; km itself then hears of its children. */
export function ignoredSignals(): readonly Inherited[] {
  try {
    const libc = openLibc();
    const action = new BigUint64Array(new ArrayBuffer(ACTION_BYTES));
    const ignored = INHERITED.filter((signal) => {
      return libc.sigaction(constants.signals[signal], null, ptr(action)) === 0 && action[0] === SIG_IGN;
    });
    // With SIGCHLD ignored the kernel throws the exit codes of children away.
    if (ignored.includes("SIGCHLD")) libc.sigaction(constants.signals.SIGCHLD, ptr(action.fill(0n)), null);
    return ignored;
  } catch {
    return []; // Windows has no such thing; elsewhere the defaults will do
  }
}

/** The command, started by a shell that ignores these signals first. */
export function ignoringSignals(command: string[], ignored: readonly Inherited[]): string[] {
  if (ignored.length === 0) return command;
  const names = ignored.map((signal) => signal.slice("SIG".length)).join(" ");
  return ["/bin/sh", "-c", `trap '' ${names}; exec "$@"`, "km", ...command];
}
