/** Accounts: the user or API key that a token stands for, as far as it may act now. */
import type { Tier } from "../tiers.ts";
import type { Database, Row } from "./database.ts";
import { at, ownedBy, sql, timeOf } from "./statement.ts";
import { type PasswordMark, passwordMarkOf, type Role } from "./users.ts";

export interface Account {
  kind: "user" | "key";
  /** `usr_...` or `key_...` */
  id: string;
  customer: string;
  tier: Tier;
  role: Role;
  /** Of a user; null of a key. */
  password_mark: PasswordMark;
}

/** Null where there is none, or where it or its customer is disabled, revoked or expired. */
export async function findAccount(
  database: Database,
  customer: string,
  id: string,
  now: number,
): Promise<Account | null> {
  const [row] = id.startsWith("key_")
    ? await database.rows(sql`
        select api_keys.id, customer_id, tier, kind from api_keys join customers on customers.id = customer_id
        where ${ownedBy(customer)} and api_keys.id = ${id} and ${isKeyValid(now)}`)
    : await database.rows(sql`
        select users.id, customer_id, tier, role, password_hash from users join customers on customers.id = customer_id
        where ${ownedBy(customer)} and users.id = ${id}
          and users.disabled_at is null and customers.disabled_at is null`);
  return row === undefined ? null : accountOf(row);
}

/** @param hash of an API key */
export async function findKeyAccount(
  database: Database,
  hash: string,
  now: number,
): Promise<{ account: Account; lastUsedAt: number | null } | null> {
  const [row] = await database.rows(sql`
    select api_keys.id, customer_id, tier, kind, last_used_at
    from api_keys join customers on customers.id = customer_id /* every customer: the key tells which */
    where key_hash = ${hash} and ${isKeyValid(now)}`);
  return row === undefined ? null : { account: accountOf(row), lastUsedAt: timeOf(row["last_used_at"]) };
}

/** The key of somebody who was disabled is no better than their password. */
function isKeyValid(now: number) {
  return sql`
    revoked_at is null and (expires_at is null or expires_at > ${at(now)}) and customers.disabled_at is null
      and not exists (select 1 from users /* every customer: the key's own user */
        where users.id = user_id and users.disabled_at is not null)`;
}

/** A row of a key has its kind, one of a user its role. */
function accountOf(row: Row): Account {
  const kind = row["kind"];
  return {
    kind: kind === undefined ? "user" : "key",
    id: String(row["id"]),
    customer: String(row["customer_id"]),
    tier: row["tier"] as Tier,
    role: kind === undefined ? (row["role"] as Role) : kind === "admin" ? "operator" : "member",
    password_mark: passwordMarkOf(row),
  };
}
