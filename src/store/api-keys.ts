/** API keys: only the SHA-256 of each is stored, which is enough for 190 random bits. */
import type { Database, Row } from "./database.ts";
import { takeNamedLock } from "./named-lock.ts";
import { at, ownedBy, sql, timeOf } from "./statement.ts";

/** Whoever makes a key of operators or takes one away has the lock of this name. */
export const ADMIN_KEYS = "admin keys";

export interface ApiKey {
  id: string;
  customer_id: string;
  user_id: string | null;
  name: string;
  kind: "live" | "test" | "admin";
  /** Its first characters, for people to tell keys apart. */
  prefix: string;
  created_at: number;
  last_used_at: number | null;
  expires_at: number | null;
  revoked_at: number | null;
}

export async function addApiKey(
  database: Database,
  customer: string,
  key: Pick<ApiKey, "id" | "user_id" | "name" | "kind" | "prefix" | "expires_at"> & { key_hash: string },
  now: number,
): Promise<void> {
  await database.run(sql`
    insert into api_keys (customer_id, id, user_id, name, kind, prefix, key_hash, created_at, expires_at)
    values (${customer}, ${key.id}, ${key.user_id}, ${key.name}, ${key.kind}, ${key.prefix}, ${key.key_hash}, ${at(now)},
      ${key.expires_at === null ? null : at(key.expires_at)})`);
}

export async function touchApiKey(database: Database, customer: string, id: string, now: number): Promise<void> {
  await database.run(sql`update api_keys set last_used_at = ${at(now)} where ${ownedBy(customer)} and id = ${id}`);
}

/** @param customer null to look at those of every customer */
export async function findApiKeyById(database: Database, customer: string | null, id: string): Promise<ApiKey | null> {
  const whose = customer === null ? sql`` : sql`and ${ownedBy(customer)}`;
  const [row] = await database.rows(
    sql`select * from api_keys where id = ${id} ${whose} /* every customer: for operators */`,
  );
  return row === undefined ? null : apiKeyOf(row);
}

/**
 * By id.
 *
 * @param customer null for those of every customer
 */
export async function listApiKeys(
  database: Database,
  customer: string | null,
  { after = "", limit = 1000 }: { after?: string; limit?: number } = {},
): Promise<ApiKey[]> {
  const whose = customer === null ? sql`` : sql`and ${ownedBy(customer)}`;
  const rows = await database.rows(sql`
    select * from api_keys where id > ${after} ${whose} order by id limit ${limit} /* every customer: for operators */`);
  return rows.map(apiKeyOf);
}

/**
 * How many keys there are with which somebody can look after the service. Whoever counts them in a transaction keeps
 * others from taking one away until it ends.
 */
export async function countAdminKeys(tx: Database, now: number): Promise<number> {
  await takeNamedLock(tx, ADMIN_KEYS);
  const [row] = await tx.rows(sql`
    select count(*) as keys from api_keys join customers on customers.id = customer_id /* every customer: for operators */
    where kind = 'admin' and revoked_at is null and customers.disabled_at is null
      and (expires_at is null or expires_at > ${at(now)})`);
  return Number(row?.["keys"]);
}

/** @returns false where there is none, or it was revoked before */
export async function revokeApiKey(database: Database, customer: string, id: string, now: number): Promise<boolean> {
  const changed = await database.run(sql`
    update api_keys set revoked_at = ${at(now)} where ${ownedBy(customer)} and id = ${id} and revoked_at is null`);
  return changed === 1;
}

function apiKeyOf(row: Row): ApiKey {
  return {
    id: String(row["id"]),
    customer_id: String(row["customer_id"]),
    user_id: row["user_id"] === null ? null : String(row["user_id"]),
    name: String(row["name"]),
    kind: row["kind"] as ApiKey["kind"],
    prefix: String(row["prefix"]),
    created_at: timeOf(row["created_at"]) ?? 0,
    last_used_at: timeOf(row["last_used_at"]),
    expires_at: timeOf(row["expires_at"]),
    revoked_at: timeOf(row["revoked_at"]),
  };
}
