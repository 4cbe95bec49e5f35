/** Makes this process, and what it starts, give way to all others. */
import { setPriority } from "node:os";

const LOWEST = 19;

export function giveWay(): void {
  try {
    setPriority(LOWEST);
  } catch {
    return; // a sandbox may forbid it
  }
}
