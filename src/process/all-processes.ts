/** `allProcesses`: every process that is alive and can be seen; a zombie is not alive. */
import type { ProcessFacts } from "./process-facts.ts";
import { processesOnLinux } from "./processes-linux.ts";
import { processesOnMacos } from "./processes-macos.ts";

/** Empty on other systems. */
export async function allProcesses(): Promise<ProcessFacts[]> {
  if (process.platform === "linux") return await processesOnLinux();
  return process.platform === "darwin" ? await processesOnMacos() : [];
}
