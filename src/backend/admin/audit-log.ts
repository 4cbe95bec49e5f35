/** The audit log: operators see all of it, an administrator what concerns its own customer. */
import { listAudit } from "../../api/contract/admin.ts";
import { type AuditEntry, listAuditEntries } from "../../store/audit-log.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { problem } from "../problem.ts";
import { isInReach, noCustomer, reachOf } from "./access.ts";
import { pageOf } from "./page.ts";
import { timeText } from "./time-text.ts";

export const auditRoutes: readonly Route<Deps>[] = [
  route(listAudit, async ({ principal, query }, { database }: Deps) => {
    if (query.customer !== undefined && !isInReach(principal, query.customer)) return noCustomer();
    const before = query.cursor === undefined ? undefined : entryAt(query.cursor);
    if (before === null) {
      const errors = [{ detail: "Expected what a list gave as next", parameter: "cursor" }];
      return problem("invalid_request", "The query is not as it should be", { errors });
    }
    const page = {
      before,
      since: query.since === undefined ? undefined : Date.parse(query.since),
      until: query.until === undefined ? undefined : Date.parse(query.until),
      limit: query.limit + 1,
    };
    const entries = await listAuditEntries(database, query.customer ?? reachOf(principal), page);
    return pageOf(entries, query.limit, cursorOf, show);
  }),
];

function cursorOf({ occurred_at, id }: AuditEntry): string {
  return `${occurred_at}.${id}`;
}

function entryAt(cursor: string): Pick<AuditEntry, "occurred_at" | "id"> | null {
  const [, time, id] = /^(\d{1,15})\.([\w-]+)$/.exec(cursor) ?? [];
  return time === undefined || id === undefined ? null : { occurred_at: Number(time), id };
}

function show(entry: AuditEntry & { customer_id: string }) {
  const { id, occurred_at, actor, customer_id, action, target, address, detail } = entry;
  const members = JSON.parse(detail) as Record<string, unknown>;
  return { id, time: timeText(occurred_at), actor, customer: customer_id, action, target, address, detail: members };
}
