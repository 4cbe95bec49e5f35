/** The first administrator key of a service, and another one for whoever has lost it. */
import { makeApiKey, maskApiKey } from "../auth/api-key.ts";
import { ADMIN_KEYS, addApiKey } from "../store/api-keys.ts";
import { createCustomer } from "../store/customers.ts";
import type { Database } from "../store/database.ts";
import { hashSecret } from "../store/hash-secret.ts";
import { takeNamedLock } from "../store/named-lock.ts";
import { newId } from "../store/new-id.ts";
import { sql } from "../store/statement.ts";
import { audit } from "./audit.ts";

/**
 * Makes the customer of the operators and a key of it, where there is no customer yet; of several services that start at
 * once, one does.
 *
 * @param show takes the key before it is kept: what nobody could see is not kept, and the next start makes another
 * @returns whether it made one
 */
export function makeFirstKey(database: Database, show: (key: string) => Promise<void>, now: number): Promise<boolean> {
  return database.transaction(async (tx) => {
    await takeNamedLock(tx, ADMIN_KEYS);
    if ((await tx.rows(sql`select id from customers /* every customer */ limit 1`)).length > 0) return false;
    await addKey(tx, await addOperators(tx, now), show, now);
    return true;
  });
}

/** Makes another one for the operators, who are found by the keys that they have or had. */
export function makeAdminKey(database: Database, show: (key: string) => Promise<void>, now: number): Promise<void> {
  return database.transaction(async (tx) => {
    await takeNamedLock(tx, ADMIN_KEYS);
    const [row] = await tx.rows(sql`
      select customer_id from api_keys join customers on customers.id = customer_id /* every customer */
      where kind = 'admin' and disabled_at is null order by api_keys.created_at, api_keys.id limit 1`);
    const customer = row === undefined ? await addOperators(tx, now) : String(row["customer_id"]);
    await addKey(tx, customer, show, now);
  });
}

async function addOperators(tx: Database, now: number): Promise<string> {
  const id = newId("cus");
  await createCustomer(tx, { id, name: "Operators", tier: "enterprise" }, now);
  return id;
}

async function addKey(
  tx: Database,
  customer: string,
  show: (key: string) => Promise<void>,
  now: number,
): Promise<void> {
  const key = makeApiKey("admin");
  const facts = { id: newId("key"), user_id: null, name: "Administrator", kind: "admin", expires_at: null } as const;
  await addApiKey(tx, customer, { ...facts, prefix: maskApiKey(key), key_hash: hashSecret(key) }, now);
  const { id: target, name, kind } = facts;
  const happening = { customer, actor: "km api serve", action: "key.create", target, detail: { name, kind } };
  await audit(tx, { request: undefined, now }, happening);
  await show(key);
}
