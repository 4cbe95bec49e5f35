/** `isAlive`: whether a process has this id, whoever's it is. It may be another one than was meant. */
import { systemCode } from "../errors.ts";

export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}
