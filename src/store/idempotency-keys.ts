/** Idempotency keys: the answer to a request that a client may send again. */
import type { Database } from "./database.ts";
import { at, ownedBy, sql } from "./statement.ts";

export type Claim =
  | { state: "new" } // to be answered and then completed or released
  | { state: "answered"; status: number; response: string }
  | { state: "running" } // somebody is at it
  | { state: "mismatch" }; // the key was used for another request

/** @param request its `expires_at` is when it may be claimed again should nobody complete it: its km may have been killed */
export function claimIdempotencyKey(
  database: Database,
  customer: string,
  request: { key: string; hash: string; expires_at: number },
  now: number,
): Promise<Claim> {
  return database.transaction(async (tx): Promise<Claim> => {
    await tx.run(sql`
      delete from idempotency_keys
      where ${ownedBy(customer)} and idempotency_key = ${request.key} and expires_at <= ${at(now)}`);
    const made = await tx.rows(sql`
      insert into idempotency_keys (customer_id, idempotency_key, request_hash, expires_at)
      values (${customer}, ${request.key}, ${request.hash}, ${at(request.expires_at)})
      on conflict do nothing returning idempotency_key`);
    if (made.length === 1) return { state: "new" };
    const [row] = await tx.rows(sql`
      select request_hash, status, response from idempotency_keys
      where ${ownedBy(customer)} and idempotency_key = ${request.key}`);
    if (row === undefined) return { state: "running" }; // its holder released it this moment
    if (row["request_hash"] !== request.hash) return { state: "mismatch" };
    if (row["status"] === null) return { state: "running" };
    return { state: "answered", status: Number(row["status"]), response: String(row["response"]) };
  });
}

export async function completeIdempotencyKey(
  database: Database,
  customer: string,
  key: string,
  answer: { status: number; response: string; expires_at: number },
): Promise<void> {
  await database.run(sql`
    update idempotency_keys
    set status = ${answer.status}, response = ${answer.response}, expires_at = ${at(answer.expires_at)}
    where ${ownedBy(customer)} and idempotency_key = ${key}`);
}

/** Of a request that failed: it may be tried again. */
export async function releaseIdempotencyKey(database: Database, customer: string, key: string): Promise<void> {
  await database.run(sql`
    delete from idempotency_keys where ${ownedBy(customer)} and idempotency_key = ${key} and status is null`);
}
