/** `km api admin keys list`: the API keys of all customers or of one, of each its first characters. */
import { callApi } from "../../../../api/client.ts";
import { listKeys } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import { localDateTime } from "../../../../log/local-time.ts";
import type { Column } from "../../../../terminal.ts";
import { connect, ENDPOINT } from "../connect.ts";
import { given } from "../flags.ts";
import { everyItem, JSON_LINES, showItems } from "../show-items.ts";

const COLUMNS: Column[] = [
  { header: "ID" },
  { header: "KEY" },
  { header: "NAME", flexible: true },
  { header: "CUSTOMER" },
  { header: "LAST USED" },
  { header: "STATE" },
];

export default defineCommand({
  meta: { name: "list", description: "List API keys" },
  args: {
    customer: { type: "string", valueHint: "id", description: "Only those of this customer" },
    endpoint: ENDPOINT,
    json: JSON_LINES,
  },
  examples: ["km api admin keys list --customer cus_..."],
  async run({ customer, endpoint, json }) {
    const api = await connect(endpoint);
    const items = everyItem((page) => callApi(api, listKeys, { query: { ...page, ...given({ customer }) } }));
    await showItems(items, json, COLUMNS, (key) => [
      key.id,
      key.prefix,
      key.name,
      key.customer,
      key.last_used_at === null ? "never" : localDateTime(key.last_used_at),
      stateOf(key, Date.now()),
    ]);
    return 0;
  },
});

function stateOf(key: { revoked_at: string | null; expires_at: string | null }, now: number): string {
  if (key.revoked_at !== null) return "revoked";
  if (key.expires_at === null) return "active";
  const when = localDateTime(key.expires_at);
  return Date.parse(key.expires_at) <= now ? "expired" : `until ${when}`;
}
