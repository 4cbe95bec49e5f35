/** Refresh tokens: each is used once, and whoever uses one a second time ends its whole family. */
import type { Database } from "./database.ts";
import { takeNamedLock } from "./named-lock.ts";
import { at, ownedBy, sql, timeOf } from "./statement.ts";

export interface RefreshToken {
  token_hash: string;
  family: string;
  /** The user or API key that it stands for. */
  subject: string;
  scope: string;
  expires_at: number;
}

export type Rotation =
  | { state: "rotated"; customer: string; subject: string; scope: string; family: string }
  | { state: "reused"; customer: string; subject: string; family: string } // the family is revoked now
  | { state: "expired" | "revoked" | "unknown" };

/** The first of a family. */
export async function addRefreshToken(
  database: Database,
  customer: string,
  token: RefreshToken,
  now: number,
): Promise<void> {
  await insert(database, customer, { ...token, generation: 1 }, now);
}

export function rotateRefreshToken(
  database: Database,
  hash: string,
  next: Pick<RefreshToken, "token_hash" | "expires_at">,
  now: number,
): Promise<Rotation> {
  return database.transaction(async (tx): Promise<Rotation> => {
    const [token] = await tx.rows(sql`
      select family from refresh_tokens where token_hash = ${hash} /* every customer: the token tells which */`);
    if (token === undefined) return { state: "unknown" };
    await lockFamily(tx, String(token["family"]));
    const [won] = await tx.rows(sql`
      update refresh_tokens set used_at = ${at(now)} /* every customer: the token tells which */
      where token_hash = ${hash} and used_at is null and revoked_at is null and expires_at > ${at(now)}
      returning customer_id, subject, scope, family, generation`);
    if (won === undefined) return refuse(tx, hash, now);
    const [customer, subject, scope, family] = [won["customer_id"], won["subject"], won["scope"], won["family"]].map(
      String,
    ) as [string, string, string, string];
    await insert(tx, customer, { ...next, family, subject, scope, generation: Number(won["generation"]) + 1 }, now);
    return { state: "rotated", customer, subject, scope, family };
  });
}

async function refuse(tx: Database, hash: string, now: number): Promise<Rotation> {
  const [row] = await tx.rows(sql`
    select customer_id, subject, family, used_at, revoked_at, expires_at from refresh_tokens
    where token_hash = ${hash} /* every customer: the token tells which */`);
  if (row === undefined) return { state: "unknown" };
  if (row["revoked_at"] !== null) return { state: "revoked" };
  if (row["used_at"] === null || (timeOf(row["expires_at"]) ?? 0) <= now) return { state: "expired" };
  const [customer, subject, family] = [row["customer_id"], row["subject"], row["family"]].map(String) as [
    string,
    string,
    string,
  ];
  await revokeFamily(tx, customer, family, now);
  return { state: "reused", customer, subject, family };
}

/** Of a logout, or of a token that came back. @returns how many tokens were not revoked before */
export function revokeFamily(database: Database, customer: string, family: string, now: number): Promise<number> {
  return database.transaction(async (tx) => {
    await lockFamily(tx, family);
    return tx.run(sql`
      update refresh_tokens set revoked_at = ${at(now)}
      where ${ownedBy(customer)} and family = ${family} and revoked_at is null`);
  });
}

/**
 * The family of a token, whether or not the token was used before.
 *
 * @param hash of the token
 * @returns null where there is no such token, or nothing was left to revoke
 */
export async function revokeFamilyOf(
  database: Database,
  hash: string,
  now: number,
): Promise<{ customer: string; subject: string } | null> {
  const [row] = await database.rows(sql`
    select customer_id, subject, family from refresh_tokens
    where token_hash = ${hash} /* every customer: the token tells which */`);
  if (row === undefined) return null;
  const customer = String(row["customer_id"]);
  const revoked = await revokeFamily(database, customer, String(row["family"]), now);
  return revoked === 0 ? null : { customer, subject: String(row["subject"]) };
}

/**
 * Of a user whose password was changed: whoever has logged in before has to do it again. That goes for devices too that
 * were approved and have not fetched their tokens. They come first, because one that fetches them right now is waited for
 * there, so that its family is seen.
 */
export async function revokeLogins(database: Database, customer: string, subject: string, now: number): Promise<void> {
  await database.run(sql`
    update device_codes set status = 'denied'
    where ${ownedBy(customer)} and user_id = ${subject} and status = 'approved'`);
  const families = await database.rows(sql`
    select distinct family from refresh_tokens
    where ${ownedBy(customer)} and subject = ${subject} and revoked_at is null`);
  for (const { family } of families) await revokeFamily(database, customer, String(family), now);
}

/** Without it, a revocation would not see the token that a rotation is about to add, which would outlive its family. */
function lockFamily(tx: Database, family: string): Promise<void> {
  return takeNamedLock(tx, `refresh tokens ${family}`);
}

async function insert(
  database: Database,
  customer: string,
  token: RefreshToken & { generation: number },
  now: number,
): Promise<void> {
  await database.run(sql`
    insert into refresh_tokens (customer_id, token_hash, family, generation, subject, scope, created_at, expires_at)
    values (${customer}, ${token.token_hash}, ${token.family}, ${token.generation}, ${token.subject}, ${token.scope},
      ${at(now)}, ${at(token.expires_at)})`);
}
