/**
 * `configurationOf`: Alertmanager's own configuration without its secrets, and what is read of it: receivers and the tree of
 * routes.
 */
import * as v from "valibot";
import type { BackendClient } from "../backend/backend-client.ts";
import { KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import { type MaskedConfig, maskedConfig } from "../masked-config.ts";
import { ask } from "./backend.ts";

/** Addresses that are themselves the permission to send something there. */
const SECRET_URLS: ReadonlySet<string> = new Set([
  "slack_api_url",
  "api_url",
  "webhook_url",
  "url",
  "victorops_api_url",
  "opsgenie_api_url",
  "incoming_webhook_url",
]);

const STATUS = v.object({
  cluster: v.object({
    name: v.optional(v.string()),
    status: v.string(),
    peers: v.nullish(v.array(v.object({ name: v.string(), address: v.string() })), []),
  }),
  config: v.object({ original: v.string() }),
  uptime: v.string(),
  versionInfo: v.record(v.string(), v.string()),
});
export type Status = v.InferOutput<typeof STATUS>;

export async function statusOf(client: BackendClient, signal: AbortSignal): Promise<Status> {
  return await ask(client, { path: "/api/v2/status", signal }, STATUS);
}

/** @throws KmError SVC_008 where it is no YAML */
export function configurationOf({ config }: Status, client: BackendClient): MaskedConfig {
  const masked = maskedConfig(config.original, SECRET_URLS);
  if (masked !== undefined) return masked;
  throw new KmError("SVC_008", `${client.label} has a configuration that is no YAML`);
}

/** Whom Alertmanager tells, and how: `slack`, `webhook`. */
export interface Receiver {
  name: string;
  /** How many of each kind. */
  kinds: Record<string, number>;
}

export function receiversIn({ value }: MaskedConfig): Receiver[] {
  const { receivers } = value;
  if (!Array.isArray(receivers)) return [];
  return receivers.filter(isMapping).map(({ name, ...rest }) => {
    const kinds = Object.entries(rest).flatMap(([key, some]): [string, number][] =>
      key.endsWith("_configs") && Array.isArray(some) ? [[key.slice(0, -8), some.length]] : [],
    );
    return { name: String(name), kinds: Object.fromEntries(kinds) };
  });
}
