/** Customers: whom everything else belongs to. */
import type { Tier } from "../tiers.ts";
import type { Database, Row } from "./database.ts";
import { at, sql, timeOf } from "./statement.ts";

export interface Customer {
  id: string;
  name: string;
  tier: Tier;
  created_at: number;
  disabled_at: number | null;
}

export async function createCustomer(
  database: Database,
  { id, name, tier }: Pick<Customer, "id" | "name" | "tier">,
  now: number,
): Promise<void> {
  await database.run(
    sql`insert into customers (id, name, tier, created_at) values (${id}, ${name}, ${tier}, ${at(now)})`,
  );
}

export async function findCustomer(database: Database, customer: string): Promise<Customer | null> {
  const [row] = await database.rows(sql`select * from customers where id = ${customer}`);
  return row === undefined ? null : customerOf(row);
}

/** For operators: all of them, by id. */
export async function listCustomers(database: Database, after: string, limit: number): Promise<Customer[]> {
  const rows = await database.rows(sql`select * from customers where id > ${after} order by id limit ${limit}`);
  return rows.map(customerOf);
}

/** @returns false where there is none */
export async function renameCustomer(database: Database, customer: string, name: string): Promise<boolean> {
  return (await database.run(sql`update customers set name = ${name} where id = ${customer}`)) === 1;
}

export async function changeTier(database: Database, customer: string, tier: Tier): Promise<boolean> {
  return (await database.run(sql`update customers set tier = ${tier} where id = ${customer}`)) === 1;
}

/** @param disabled null to let the customer in again */
export async function disableCustomer(database: Database, customer: string, disabled: number | null): Promise<boolean> {
  const moment = disabled === null ? null : at(disabled);
  return (await database.run(sql`update customers set disabled_at = ${moment} where id = ${customer}`)) === 1;
}

function customerOf(row: Row): Customer {
  return {
    id: String(row["id"]),
    name: String(row["name"]),
    tier: row["tier"] as Tier,
    created_at: timeOf(row["created_at"]) ?? 0,
    disabled_at: timeOf(row["disabled_at"]),
  };
}
