/** `km api admin customers change`: renames a customer, changes its tier, keeps it out or lets it in again. */
import { callApi } from "../../../../api/client.ts";
import { changeCustomer } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import { TIERS } from "../../../../tiers.ts";
import { connect, ENDPOINT } from "../connect.ts";
import { disabledBy, given, oneOf, someChange } from "../flags.ts";

export default defineCommand({
  meta: { name: "change", description: "Change a customer" },
  args: {
    id: { type: "positional", required: true, description: "Its id: cus_..." },
    name: { type: "string", valueHint: "name", description: "How people call the customer" },
    tier: { type: "enum", options: [...TIERS], description: "What the customer has paid for" },
    disable: { type: "boolean", description: "Keep all of its users and keys out, at once" },
    enable: { type: "boolean", description: "Let them in again" },
    endpoint: ENDPOINT,
  },
  examples: [
    "km api admin customers change cus_... --tier enterprise",
    "km api admin customers change cus_... --disable",
  ],
  async run({ id, name, tier, endpoint, ...flags }) {
    const changes = given({ name, tier: tier === undefined ? undefined : oneOf(TIERS, tier) });
    const body = someChange({ ...changes, ...disabledBy(flags) });
    const api = await connect(endpoint);
    const changed = await callApi(api, changeCustomer, { params: { id }, body });
    const state = changed.disabled_at === null ? "active" : "disabled";
    process.stderr.write(`km: Changed ${changed.id}: ${changed.tier}, ${state}\n`);
    return 0;
  },
});
