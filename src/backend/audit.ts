/**
 * `audit`: what happened, for the audit log of the customer that it concerns.
 *
 * Exchanges of API keys are not in it: a build makes them every few minutes, and the key says when it was used last. Nor
 * are wrong keys, tokens and passwords, which belong to no customer and would let anybody fill the log.
 */
import { addAuditEntry } from "../store/audit-log.ts";
import type { Database } from "../store/database.ts";
import type { RequestFacts } from "./handler.ts";

export interface Happening {
  /** Whom it concerns; what concerns nobody alone is the operator's own. */
  customer: string;
  /** The id of whoever did it; the command, of what is done on the service's own machine. */
  actor: string;
  /** `key.create` */
  action: string;
  /** The id of what it was done to. */
  target: string;
  /** What of it was changed. No secrets. */
  detail?: Record<string, unknown>;
}

/**
 * @param tx the transaction of a change: there is neither without the other
 * @param context its request is undefined for what is done on the service's own machine
 */
export async function audit(
  tx: Database,
  { request, now }: { request: Pick<RequestFacts, "id" | "address"> | undefined; now: number },
  { customer, actor, action, target, detail = {} }: Happening,
): Promise<void> {
  await addAuditEntry(tx, customer, {
    id: `aud_${Bun.randomUUIDv7("hex", now)}`,
    occurred_at: now,
    actor,
    action,
    target,
    detail: JSON.stringify({ ...detail, request_id: request?.id }),
    address: request?.address ?? null,
  });
}
