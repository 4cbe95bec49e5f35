/** `isHost`: whether a process is a plugin host. Another program may have its number by now, which only Linux tells. */
import { readFileSync } from "node:fs";
import { systemCode } from "../errors.ts";

export function isHost(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) !== "EPERM") return false;
  }
  if (process.platform !== "linux") return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("__plugins");
  } catch {
    return false; // gone meanwhile
  }
}
