/** `isHost`: whether a process is a plugin host. Another program may have its number by now, which only Linux tells. */
import { readFileSync } from "node:fs";
import { isAlive } from "../process/is-alive.ts";

export function isHost(pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== "linux") return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("__plugins");
  } catch {
    return false; // gone meanwhile
  }
}
