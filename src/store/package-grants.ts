/** Grants: that a customer may download one package for a while. */
import type { Database } from "./database.ts";
import { type StoredPackage, packageOf } from "./packages.ts";
import { at, ownedBy, sql } from "./statement.ts";

export async function addGrant(
  database: Database,
  customer: string,
  grant: { id: string; package_id: string; expires_at: number },
  now: number,
): Promise<void> {
  await database.run(sql`
    insert into package_grants (customer_id, id, package_id, created_at, expires_at)
    values (${customer}, ${grant.id}, ${grant.package_id}, ${at(now)}, ${at(grant.expires_at)})`);
}

/** The package of a grant; null where the customer has no such grant, or it has expired. */
export async function findGranted(
  database: Database,
  customer: string,
  id: string,
  now: number,
): Promise<StoredPackage | null> {
  const [row] = await database.rows(sql`
    select packages.* from package_grants join packages on packages.id = package_id
    where ${ownedBy(customer)} and package_grants.id = ${id} and expires_at > ${at(now)}`);
  return row === undefined ? null : packageOf(row);
}
