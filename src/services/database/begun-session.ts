/**
 * `begunSession`: a connection of a pool on which statements of km's own have been carried out. One that has got lost since it was
 * used the last time, as with a server that was restarted, is replaced: nothing of the caller's has been sent.
 */
import { isLost } from "./is-lost.ts";

export interface BegunSession<T> {
  held: Bun.ReservedSQL;
  session: T;
}

/**
 * @param most connections that may be found lost
 * @throws what the driver throws, or `begin`
 */
export async function begunSession<T>(
  pool: Bun.SQL,
  { signal, most }: { signal: AbortSignal; most: number },
  begin: (held: Bun.ReservedSQL) => Promise<T>,
): Promise<BegunSession<T>> {
  for (let left = most; ; left--) {
    const held = await pool.reserve({ signal });
    try {
      return { held, session: await begin(held) };
    } catch (error) {
      await held.close().catch(() => undefined);
      if (left === 0 || signal.aborted || !isLost(error)) throw error;
    }
  }
}
