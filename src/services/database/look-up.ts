/**
 * `lookUp`: what a server says of its tables and functions, to questions of km's own. They have connections that no statement of a
 * caller meets, so that the server can keep them prepared.
 */
import { unlessAborted } from "../unless-aborted.ts";
import { isLost } from "./is-lost.ts";

/**
 * @param most connections that may be found lost since they were used the last time; they are replaced
 * @throws what the driver throws, or the signal's reason
 */
export async function lookUp<T>(
  pool: Bun.SQL,
  { signal, most }: { signal: AbortSignal; most: number },
  ask: (held: Bun.ReservedSQL) => Promise<T>,
): Promise<T> {
  for (let left = most; ; left--) {
    const held = await pool.reserve({ signal });
    let isUsable = true;
    try {
      return await unlessAborted(ask(held), signal);
    } catch (error) {
      isUsable = !signal.aborted && !isLost(error);
      if (isUsable || signal.aborted || left === 0) throw error;
    } finally {
      await (isUsable ? held.release() : held.close().catch(() => undefined));
    }
  }
}
