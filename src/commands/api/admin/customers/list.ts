/** `km api admin customers list`: the customers of a service. */
import { callApi } from "../../../../api/client.ts";
import { listCustomers } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import { localDateTime } from "../../../../log/local-time.ts";
import type { Column } from "../../../../terminal.ts";
import { connect, ENDPOINT } from "../connect.ts";
import { everyItem, JSON_LINES, showItems } from "../show-items.ts";

const COLUMNS: Column[] = [
  { header: "ID" },
  { header: "NAME", flexible: true },
  { header: "TIER" },
  { header: "CREATED" },
  { header: "STATE" },
];

export default defineCommand({
  meta: { name: "list", description: "List customers" },
  args: { endpoint: ENDPOINT, json: JSON_LINES },
  examples: ["km api admin customers list", "km api admin customers list --json | jq -r .id"],
  async run({ endpoint, json }) {
    const api = await connect(endpoint);
    const items = everyItem((query) => callApi(api, listCustomers, { query }));
    await showItems(items, json, COLUMNS, ({ id, name, tier, created_at, disabled_at }) => [
      id,
      name,
      tier,
      localDateTime(created_at),
      disabled_at === null ? "active" : "disabled",
    ]);
    return 0;
  },
});
