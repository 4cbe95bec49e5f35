/** Device codes of RFC 8628: from the request of a device to the one token that comes of it. */
import type { Database } from "./database.ts";
import { at, sql, timeOf } from "./statement.ts";

export interface DeviceCode {
  id: string;
  code_hash: string;
  user_code: string;
  client: string;
  scope: string;
  interval_s: number;
  expires_at: number;
  /** Where it was asked for, for the user to see; null where that is not known. */
  address?: string | null;
}

/** What a user is asked to approve. */
export interface PendingDevice extends Pick<DeviceCode, "id" | "user_code" | "client" | "scope"> {
  address: string | null;
  created_at: number;
}

export type Poll =
  | { state: "approved"; customer: string; user: string; scope: string }
  | { state: "pending" | "slow_down" | "denied" | "expired" | "unknown" };

/** RFC 8628, section 3.5. */
const SLOWER_S = 5;

/** @returns false where another device has the user code */
export async function addDeviceCode(database: Database, code: DeviceCode, now: number): Promise<boolean> {
  const added = await database.run(sql`
    insert into device_codes (id, code_hash, user_code, client, scope, address, status, interval_s, created_at, expires_at)
    values (${code.id}, ${code.code_hash}, ${code.user_code}, ${code.client}, ${code.scope}, ${code.address ?? null},
      'pending', ${code.interval_s}, ${at(now)}, ${at(code.expires_at)})
    on conflict (user_code) do nothing /* every customer: nobody has entered the code yet */`);
  return added === 1;
}

/** Null where the code is unknown, answered or expired. */
export async function findPendingDevice(
  database: Database,
  userCode: string,
  now: number,
): Promise<PendingDevice | null> {
  const [row] = await database.rows(sql`
    select id, user_code, client, scope, address, created_at from device_codes
    where user_code = ${userCode} and status = 'pending' and expires_at > ${at(now)}
      /* every customer: nobody has answered yet */`);
  if (row === undefined) return null;
  return {
    id: String(row["id"]),
    user_code: String(row["user_code"]),
    client: String(row["client"]),
    scope: String(row["scope"]),
    address: row["address"] === null ? null : String(row["address"]),
    created_at: timeOf(row["created_at"]) ?? 0,
  };
}

/** @returns false where the code is unknown, answered or expired */
export async function answerDevice(
  database: Database,
  customer: string,
  answer: { user: string; user_code: string; status: "approved" | "denied" },
  now: number,
): Promise<boolean> {
  const changed = await database.run(sql`
    update device_codes set status = ${answer.status}, customer_id = ${customer}, user_id = ${answer.user}
    where user_code = ${answer.user_code} and status = 'pending' and expires_at > ${at(now)}`);
  return changed === 1;
}

/** An approved code is given out once: after that it is unknown. */
export function pollDevice(database: Database, hash: string, client: string, now: number): Promise<Poll> {
  return database.transaction(async (tx): Promise<Poll> => {
    const [used] = await tx.rows(sql`
      update device_codes set status = 'used' /* every customer: the code tells which */
      where code_hash = ${hash} and client = ${client} and status = 'approved' and expires_at > ${at(now)}
      returning customer_id, user_id, scope`);
    if (used !== undefined) {
      const [customer, user, scope] = [used["customer_id"], used["user_id"], used["scope"]].map(String);
      return { state: "approved", customer: customer ?? "", user: user ?? "", scope: scope ?? "" };
    }
    const [row] = await tx.rows(sql`
      select status, interval_s, last_poll_at, expires_at from device_codes /* every customer: the code tells which */
      where code_hash = ${hash} and client = ${client}`);
    if (row === undefined || row["status"] === "used") return { state: "unknown" };
    if (row["status"] === "denied") return { state: "denied" };
    if ((timeOf(row["expires_at"]) ?? 0) <= now) return { state: "expired" };
    const tooSoon = now - (timeOf(row["last_poll_at"]) ?? 0) < Number(row["interval_s"]) * 1000;
    await tx.run(sql`
      update device_codes set last_poll_at = ${at(now)}, interval_s = interval_s + ${tooSoon ? SLOWER_S : 0}
      where code_hash = ${hash} /* every customer: the code tells which */`);
    return { state: tooSoon ? "slow_down" : "pending" };
  });
}
