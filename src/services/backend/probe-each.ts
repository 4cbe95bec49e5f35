/** `probeEach`: for each connection whether it can be used now. */
import { KmError } from "../../errors.ts";
import type { Probe } from "../service.ts";

/** @param ask gives the detail of one that can be used, or all of what is to be said; what it throws is why it cannot be used */
export async function probeEach<C>(
  connections: ReadonlyMap<string, C>,
  ask: (connection: C, name: string) => Promise<Omit<Probe, "name">>,
): Promise<Probe[]> {
  return await Promise.all(
    Array.from(connections, async ([name, connection]) => {
      try {
        return { name, ...(await ask(connection, name)) };
      } catch (error) {
        return { name, isReady: false, detail: error instanceof KmError ? error.message : "It cannot be asked." };
      }
    }),
  );
}
