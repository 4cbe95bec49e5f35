/** The nonces that tokens of plugins were bound to: each is good once for a customer, on every replica of the service. */
import type { Database } from "./database.ts";
import { at, sql } from "./statement.ts";

/** @returns false where the customer's nonce was used and what it was used for has not expired */
export async function useNonce(
  database: Database,
  customer: string,
  { nonce, expires_at }: { nonce: string; expires_at: number },
  now: number,
): Promise<boolean> {
  const won = await database.rows(sql`
    insert into plugin_nonces (customer_id, nonce, expires_at) values (${customer}, ${nonce}, ${at(expires_at)})
    on conflict (customer_id, nonce) do update set expires_at = excluded.expires_at
      where plugin_nonces.expires_at <= ${at(now)}
    returning nonce`);
  return won.length === 1;
}
