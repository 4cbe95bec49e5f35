/** The server and everything it started, as one thing that can be signalled. */
import { pause } from "./pause.ts";
import { endTree } from "./process-group-windows.ts";

const POLL_MS = 20;

/** Sends a signal to the whole group; nothing happens when it is gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (process.platform === "win32") {
    // Windows has no signals between processes: every one of them ends the process.
    endTree(pid);
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    return; // ESRCH: gone already. EPERM: no longer ours.
  }
}

/** Ends what is left of the group: asks, waits, insists. Resolves at once when nothing is left. */
export async function endGroup(pid: number, patienceMs: number): Promise<void> {
  if (!groupExists(pid)) return;
  signalGroup(pid, "SIGTERM");
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await pause(POLL_MS)) {
    if (!groupExists(pid)) return;
  }
  signalGroup(pid, "SIGKILL");
}

function groupExists(pid: number): boolean {
  try {
    process.kill(process.platform === "win32" ? pid : -pid, 0);
    return true;
  } catch {
    return false;
  }
}
