/** The keys that sign tokens; a retired one stays until its last token has expired. */
import type { Database } from "./database.ts";
import { takeNamedLock } from "./named-lock.ts";
import { at, sql, timeOf } from "./statement.ts";

export interface SigningKey {
  kid: string;
  /** As a JWK has it: the `x` of an Ed25519 key. */
  public_key: string;
  /** PKCS #8 in the clear; null where the operator keeps it. */
  private_key: string | null;
  created_at: number;
  retired_at: number | null;
}

type NewKey = Omit<SigningKey, "retired_at">;

/** @returns false where a key with its private part is in use: that one is to be taken */
export function addFirstSigningKey(database: Database, key: NewKey): Promise<boolean> {
  return database.transaction(async (tx) => {
    await lock(tx);
    const known = await listSigningKeys(tx, key.created_at);
    if (known.some((one) => one.retired_at === null && one.private_key !== null)) return false;
    await replace(tx, key);
    return true;
  });
}

/** The new key signs from now on; those before it are retired. It may be one that was retired before. */
export function rotateSigningKey(database: Database, key: NewKey): Promise<void> {
  return database.transaction(async (tx) => {
    await lock(tx);
    await replace(tx, key);
  });
}

/** A service signs with this one, whichever others are in use. */
export async function keepSigningKey(database: Database, key: NewKey): Promise<void> {
  await database.run(sql`
    insert into signing_keys (kid, public_key, private_key, created_at)
    values (${key.kid}, ${key.public_key}, ${key.private_key}, ${at(key.created_at)})
    on conflict (kid) do update set retired_at = null`);
}

/** Newest first: those in use, and those retired after `since`. */
export async function listSigningKeys(database: Database, since: number): Promise<SigningKey[]> {
  const rows = await database.rows(sql`
    select * from signing_keys where retired_at is null or retired_at > ${at(since)} order by created_at desc, kid`);
  return rows.map((row) => ({
    kid: String(row["kid"]),
    public_key: String(row["public_key"]),
    private_key: row["private_key"] === null ? null : String(row["private_key"]),
    created_at: timeOf(row["created_at"]) ?? 0,
    retired_at: timeOf(row["retired_at"]),
  }));
}

async function replace(tx: Database, key: NewKey): Promise<void> {
  await tx.run(sql`
    update signing_keys set retired_at = ${at(key.created_at)} where retired_at is null and kid <> ${key.kid}`);
  await keepSigningKey(tx, key);
}

/** Without it, of two that are added at once neither would retire the other. */
function lock(tx: Database): Promise<void> {
  return takeNamedLock(tx, "signing keys");
}
