/** Users: the people of a customer, and how their passwords are checked. */
import type { Database, Row } from "./database.ts";
import { hashSecret } from "./hash-secret.ts";
import { at, ownedBy, sql, timeOf } from "./statement.ts";

export type Role = "member" | "admin" | "operator";

/**
 * Changes with the password: what was begun by an older one ends with it. Nothing can be found out from it. Null where
 * there is no password.
 */
export type PasswordMark = string | null;

export interface User {
  id: string;
  customer_id: string;
  email: string;
  name: string;
  role: Role;
  created_at: number;
  disabled_at: number | null;
  password_mark: PasswordMark;
}

/** Of a password that nobody knows, as `hashPassword` makes them: takes as long to check as any other, also at first. */
export const NOBODYS_HASH =
  "$argon2id$v=19$m=65536,t=2,p=1$a86feOqVJll5JcsRkHDEx04iOLWHI1rphYLAboSPpWc$v8ztuISe834RAaBTyDtc9SC6+fnEeK9UF7aKMwPLn/0";

/** A hash that takes its time: to be made before a transaction, which others may have to wait for. */
export function hashPassword(password: string): Promise<string> {
  return Bun.password.hash(password, "argon2id");
}

/**
 * @param user without a hash, one that cannot log in with a password
 * @returns false where the address is somebody's already, of whichever customer
 */
export async function addUser(
  database: Database,
  customer: string,
  user: Pick<User, "id" | "email" | "name" | "role"> & { password_hash: string | null },
  now: number,
): Promise<boolean> {
  const added = await database.run(sql`
    insert into users (customer_id, id, email, name, role, password_hash, created_at)
    values (${customer}, ${user.id}, ${foldEmail(user.email)}, ${user.name}, ${user.role}, ${user.password_hash},
      ${at(now)}) on conflict (email) do nothing`);
  return added === 1;
}

/**
 * The user of an address and password, null where either is wrong or the user or its customer is disabled. It takes the
 * same time whether or not there is such a user.
 */
export async function checkPassword(database: Database, email: string, password: string): Promise<User | null> {
  const [row] = await database.rows(sql`
    select users.* from users join customers on customers.id = customer_id /* every customer: login tells which */
    where email = ${foldEmail(email)} and users.disabled_at is null and customers.disabled_at is null`);
  const hash = row?.["password_hash"] ?? null;
  const matches = await Bun.password.verify(password, hash === null ? NOBODYS_HASH : String(hash));
  return row !== undefined && hash !== null && matches ? userOf(row) : null;
}

export async function findUser(database: Database, customer: string, id: string): Promise<User | null> {
  const [row] = await database.rows(sql`select * from users where ${ownedBy(customer)} and id = ${id}`);
  return row === undefined ? null : userOf(row);
}

/** @param customer null to look at those of every customer */
export async function findUserOf(database: Database, customer: string | null, id: string): Promise<User | null> {
  if (customer !== null) return await findUser(database, customer, id);
  const [row] = await database.rows(sql`select * from users where id = ${id} /* every customer: for operators */`);
  return row === undefined ? null : userOf(row);
}

/**
 * By id.
 *
 * @param customer null for those of every customer
 */
export async function listUsers(
  database: Database,
  customer: string | null,
  { after = "", limit = 1000 }: { after?: string; limit?: number } = {},
): Promise<User[]> {
  const whose = customer === null ? sql`` : sql`and ${ownedBy(customer)}`;
  const rows = await database.rows(sql`
    select * from users where id > ${after} ${whose} order by id limit ${limit} /* every customer: for operators */`);
  return rows.map(userOf);
}

export async function renameUser(database: Database, customer: string, id: string, name: string): Promise<boolean> {
  return (await database.run(sql`update users set name = ${name} where ${ownedBy(customer)} and id = ${id}`)) === 1;
}

export async function setPasswordHash(
  database: Database,
  customer: string,
  id: string,
  hash: string,
): Promise<boolean> {
  const changed = sql`update users set password_hash = ${hash} where ${ownedBy(customer)} and id = ${id}`;
  return (await database.run(changed)) === 1;
}

export async function setRole(database: Database, customer: string, id: string, role: Role): Promise<boolean> {
  return (await database.run(sql`update users set role = ${role} where ${ownedBy(customer)} and id = ${id}`)) === 1;
}

/** @param disabled null to let the user in again */
export async function disableUser(
  database: Database,
  customer: string,
  id: string,
  disabled: number | null,
): Promise<boolean> {
  const moment = disabled === null ? null : at(disabled);
  const changed = sql`update users set disabled_at = ${moment} where ${ownedBy(customer)} and id = ${id}`;
  return (await database.run(changed)) === 1;
}

export function passwordMarkOf({ password_hash: hash }: Row): PasswordMark {
  return typeof hash === "string" ? hashSecret(hash).slice(0, 22) : null;
}

function foldEmail(email: string): string {
  return email.trim().toLowerCase();
}

function userOf(row: Row): User {
  return {
    id: String(row["id"]),
    customer_id: String(row["customer_id"]),
    email: String(row["email"]),
    name: String(row["name"]),
    role: row["role"] as Role,
    created_at: timeOf(row["created_at"]) ?? 0,
    disabled_at: timeOf(row["disabled_at"]),
    password_mark: passwordMarkOf(row),
  };
}
