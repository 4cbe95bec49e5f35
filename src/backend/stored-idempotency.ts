/** `storedIdempotency`: idempotency keys in the database, where every replica finds them. */
import type { Database } from "../store/database.ts";
import { claimIdempotencyKey, completeIdempotencyKey, releaseIdempotencyKey } from "../store/idempotency-keys.ts";
import type { IdempotencyStore } from "./idempotency.ts";

/** How long an answer is kept for whoever asks again. */
const KEPT_MS = 24 * 60 * 60_000;
/** Longer than any request takes: whoever claimed a key and has not answered by then was killed. */
const CLAIMED_MS = 5 * 60_000;

export function storedIdempotency(database: Database, now: () => number): IdempotencyStore {
  return {
    claim: (customer, { key, hash }, at) =>
      claimIdempotencyKey(database, customer, { key, hash, expires_at: at + CLAIMED_MS }, at),
    complete: (customer, key, answer) =>
      completeIdempotencyKey(database, customer, key, { ...answer, expires_at: now() + KEPT_MS }),
    release: (customer, key) => releaseIdempotencyKey(database, customer, key),
  };
}
