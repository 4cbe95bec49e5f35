/** `startedByClient`: whether this km runs below the very program whose call waits, such as in an agent's shell. */
import type { PendingCall } from "../guard/approvals/pending-call.ts";
import { allProcesses } from "../process/all-processes.ts";
import { programOf } from "../process/program.ts";
import { isLauncher, isManager } from "./launchers.ts";

/** False where the system does not tell. A program that does not want to be found has ways around it. */
export async function startedByClient({ client_pid: starter }: PendingCall): Promise<boolean> {
  if (starter <= 1) return false; // it has ended
  const parents = new Map((await allProcesses()).map(({ pid, parent }) => [pid, parent]));
  const clients = new Set(await clientsFrom(starter, parents));
  return ancestors(process.ppid, parents).some((pid) => clients.has(pid));
}

/** Who started the km that holds the call; and who is behind that, where it did nothing else than that. */
async function clientsFrom(starter: number, parents: ReadonlyMap<number, number>): Promise<number[]> {
  const clients: number[] = [];
  for (const pid of ancestors(starter, parents)) {
    const program = await programOf(pid);
    if (clients.length > 0 && (program === undefined || isManager(program))) break;
    clients.push(pid);
    if (program === undefined || !isLauncher(program)) break;
  }
  return clients;
}

/** With itself, and without the first process of all. */
function ancestors(from: number, parents: ReadonlyMap<number, number>): number[] {
  const chain = new Set<number>();
  for (let pid: number | undefined = from; pid !== undefined && pid > 1 && !chain.has(pid); pid = parents.get(pid)) {
    chain.add(pid);
  }
  return [...chain];
}
