/** `takeNamedLock`: of all km that use a database, one at a time does what the name stands for. */
import type { Database } from "./database.ts";
import { sql } from "./statement.ts";

/** Waits for it; the end of the transaction gives it back. */
export async function takeNamedLock(tx: Database, name: string): Promise<void> {
  // SQLite has one writer at a time as it is, see `transaction`.
  if (tx.dialect === "postgres") await tx.rows(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
}
