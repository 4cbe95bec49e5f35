/** `km api admin revocations list`: what was revoked for everybody. */
import { callApi } from "../../../../api/client.ts";
import { listRevocations } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import { localDateTime } from "../../../../log/local-time.ts";
import type { Column } from "../../../../terminal.ts";
import { connect, ENDPOINT } from "../connect.ts";
import { everyItem, JSON_LINES, showItems } from "../show-items.ts";

const COLUMNS: Column[] = [
  { header: "ID" },
  { header: "KIND" },
  { header: "VALUE", flexible: true },
  { header: "REASON", flexible: true },
  { header: "SINCE" },
];

export default defineCommand({
  meta: { name: "list", description: "List revocations" },
  args: { endpoint: ENDPOINT, json: JSON_LINES },
  examples: ["km api admin revocations list"],
  async run({ endpoint, json }) {
    const api = await connect(endpoint);
    const items = everyItem((query) => callApi(api, listRevocations, { query }));
    await showItems(items, json, COLUMNS, ({ id, kind, value, reason, created_at }) => [
      id,
      kind,
      value,
      reason,
      localDateTime(created_at),
    ]);
    return 0;
  },
});
