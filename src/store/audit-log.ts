/** The audit log: who changed what, only ever added to. */
import type { Database } from "./database.ts";
import { at, ownedBy, sql, timeOf } from "./statement.ts";

export interface AuditEntry {
  id: string;
  occurred_at: number;
  actor: string;
  action: string;
  target: string | null;
  /** JSON text, without secrets. */
  detail: string;
  address: string | null;
}

export async function addAuditEntry(database: Database, customer: string, entry: AuditEntry): Promise<void> {
  await database.run(sql`
    insert into audit_log (customer_id, id, occurred_at, actor, action, target, detail, address)
    values (${customer}, ${entry.id}, ${at(entry.occurred_at)}, ${entry.actor}, ${entry.action}, ${entry.target},
      ${entry.detail}, ${entry.address})`);
}

export interface AuditPage {
  /** The last entry of the page before. */
  before?: Pick<AuditEntry, "occurred_at" | "id"> | undefined;
  /** From then on, and until before then; in milliseconds. */
  since?: number | undefined;
  until?: number | undefined;
  limit: number;
}

/**
 * Newest first.
 *
 * @param customer null for the entries of every customer
 */
export async function listAuditEntries(
  database: Database,
  customer: string | null,
  { before, since, until, limit }: AuditPage,
): Promise<(AuditEntry & { customer_id: string })[]> {
  const conditions = [
    ...(customer === null ? [] : [ownedBy(customer)]),
    ...(before === undefined ? [] : [sql`(occurred_at, id) < (${at(before.occurred_at)}, ${before.id})`]),
    ...(since === undefined ? [] : [sql`occurred_at >= ${at(since)}`]),
    ...(until === undefined ? [] : [sql`occurred_at < ${at(until)}`]),
  ];
  const where = conditions.reduce((all, one) => sql`${all} and ${one}`, sql`where 1 = 1`);
  const rows = await database.rows(sql`
    select * from audit_log ${where} order by occurred_at desc, id desc limit ${limit} /* every customer: for operators */`);
  return rows.map((row) => ({
    customer_id: String(row["customer_id"]),
    id: String(row["id"]),
    occurred_at: timeOf(row["occurred_at"]) ?? 0,
    actor: String(row["actor"]),
    action: String(row["action"]),
    target: row["target"] === null ? null : String(row["target"]),
    detail: String(row["detail"]),
    address: row["address"] === null ? null : String(row["address"]),
  }));
}
