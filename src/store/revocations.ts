/** What is not to be accepted any more before its time: a token, a package, versions of a plugin, a key that signs packages. */
import type { Database, Row } from "./database.ts";
import { at, sql, timeOf } from "./statement.ts";

export interface Revocation {
  id: string;
  /** Null for what concerns all, such as a package. */
  customer: string | null;
  kind: "token" | PublicKind;
  /**
   * The `jti` of a token, the digest of a package, the id of a key that signs packages, or the name of a plugin and a
   * range of its versions.
   */
  subject: string;
  reason: string;
  /** When it would have expired anyway; null for never. */
  expires_at: number | null;
}

/** Those that concern everybody. */
export type PublicKind = "package" | "signing_key" | "version_range";

export interface PublicRevocation extends Pick<Revocation, "id" | "subject" | "reason"> {
  kind: PublicKind;
  created_at: number;
}

/** The first one of a subject stands. @returns false where there is one already */
export async function addRevocation(database: Database, one: Revocation, now: number): Promise<boolean> {
  const added = await database.run(sql`
    insert into revocations (id, customer_id, kind, subject, reason, created_at, expires_at)
    values (${one.id}, ${one.customer}, ${one.kind}, ${one.subject}, ${one.reason}, ${at(now)},
      ${one.expires_at === null ? null : at(one.expires_at)}) on conflict (kind, subject) do nothing`);
  return added === 1;
}

export async function isRevoked(database: Database, kind: Revocation["kind"], subject: string): Promise<boolean> {
  const rows = await database.rows(sql`
    select id from revocations where kind = ${kind} and subject = ${subject} /* every customer: subjects are unique */`);
  return rows.length > 0;
}

/** By id. Those of tokens are not among them: they are no customer's business but their own. */
export async function listRevocations(
  database: Database,
  { after = "", limit }: { after?: string; limit?: number } = {},
): Promise<PublicRevocation[]> {
  const rows = await database.rows(sql`
    select * from revocations /* every customer: they concern all */
    where customer_id is null and kind <> 'token' and id > ${after}
    order by id ${limit === undefined ? sql`` : sql`limit ${limit}`}`);
  return rows.map(revocationOf);
}

function revocationOf(row: Row): PublicRevocation {
  return {
    id: String(row["id"]),
    kind: row["kind"] as PublicKind,
    subject: String(row["subject"]),
    reason: String(row["reason"]),
    created_at: timeOf(row["created_at"]) ?? 0,
  };
}
