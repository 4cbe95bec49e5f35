/** `programOf`: what a process runs, as the system tells it to its own user. */
import type { Program } from "./process-facts.ts";
import { programOnLinux } from "./processes-linux.ts";
import { programOnMacos } from "./processes-macos.ts";

/** Undefined where it is gone, and on other systems. */
export async function programOf(pid: number): Promise<Program | undefined> {
  if (process.platform === "linux") return await programOnLinux(pid);
  return process.platform === "darwin" ? await programOnMacos(pid) : undefined;
}
