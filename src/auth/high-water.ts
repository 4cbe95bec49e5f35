/**
 * `openHighWater`: a time that does not go back. A lease that ends by the clock could else be had for ever by setting the
 * clock back; so the latest time that any km has seen here is remembered, and no earlier one is believed.
 *
 * A clock that was ahead and is put right again is not the user's loss: the next token that the API issues says what time
 * it really is.
 */
import * as v from "valibot";
import { cacheFile, readCache, writeCache } from "./cache-file.ts";

export interface HighWater {
  /** In milliseconds. */
  now(): number;
  /** Whether the clock says a much earlier time than was seen here. */
  isSetBack(): boolean;
  /** @param issuedAt when the API issued a token, by its clock */
  note(issuedAt?: number): void;
}

const Mark = v.object({ version: v.literal(1), origin: v.string(), seenAt: v.number(), issuedAt: v.number() });
type Mark = v.InferOutput<typeof Mark>;

/** Clocks are corrected by that much every day. */
const SMALL_MS = 5 * 60_000;

export function openHighWater(cacheFolder: string, origin: string, clock: () => number): HighWater {
  const file = cacheFile(cacheFolder, "clock", origin);
  let mark: Mark = { version: 1, origin, seenAt: 0, issuedAt: 0 };
  const read = () => {
    const found = readCache(file, Mark);
    if (found?.origin !== origin) return;
    // Of two, the one that the API has spoken to last knows the time.
    if (found.issuedAt > mark.issuedAt || (found.issuedAt === mark.issuedAt && found.seenAt > mark.seenAt)) {
      mark = found;
    }
  };
  read();
  const now = () => Math.max(clock(), mark.seenAt);
  return {
    now,
    isSetBack: () => clock() < mark.seenAt - SMALL_MS,
    note(issuedAt = 0) {
      read();
      const isNews = issuedAt > mark.issuedAt;
      mark = {
        version: 1,
        origin,
        seenAt: isNews ? Math.max(clock(), issuedAt) : now(),
        issuedAt: Math.max(mark.issuedAt, issuedAt),
      };
      writeCache(file, mark);
    },
  };
}
