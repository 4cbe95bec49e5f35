/** `km api admin users list`: the users of all customers or of one. */
import { callApi } from "../../../../api/client.ts";
import { listUsers } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import type { Column } from "../../../../terminal.ts";
import { connect, ENDPOINT } from "../connect.ts";
import { given } from "../flags.ts";
import { everyItem, JSON_LINES, showItems } from "../show-items.ts";

const COLUMNS: Column[] = [
  { header: "ID" },
  { header: "EMAIL" },
  { header: "NAME", flexible: true },
  { header: "ROLE" },
  { header: "CUSTOMER" },
  { header: "STATE" },
];

export default defineCommand({
  meta: { name: "list", description: "List users" },
  args: {
    customer: { type: "string", valueHint: "id", description: "Only those of this customer" },
    endpoint: ENDPOINT,
    json: JSON_LINES,
  },
  examples: ["km api admin users list --customer cus_..."],
  async run({ customer, endpoint, json }) {
    const api = await connect(endpoint);
    const items = everyItem((page) => callApi(api, listUsers, { query: { ...page, ...given({ customer }) } }));
    await showItems(items, json, COLUMNS, (user) => [
      user.id,
      user.email,
      user.name,
      user.role,
      user.customer,
      user.disabled_at === null ? "active" : "disabled",
    ]);
    return 0;
  },
});
