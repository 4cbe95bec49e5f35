/** `km api admin revocations create`: revokes a package, versions of a plugin or a key that signs packages, for everybody. */
import { callApi } from "../../../../api/client.ts";
import { createRevocation } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import { print } from "../../../../output.ts";
import { connect, ENDPOINT } from "../connect.ts";
import { needed, oneOf } from "../flags.ts";

const KINDS = ["package", "version_range", "signing_key"] as const;

export default defineCommand({
  meta: { name: "create", description: "Revoke a package, versions of a plugin, or a key" },
  args: {
    value: {
      type: "positional",
      required: true,
      description: "SHA-256 of the package, plugin and range of versions, or id of the key",
    },
    kind: { type: "enum", options: [...KINDS], description: "What VALUE is; version_range unless given" },
    reason: { type: "string", valueHint: "text", description: "Why, for those who ask later" },
    endpoint: ENDPOINT,
  },
  examples: ["km api admin revocations create 'api-logger >=1.0.0 <1.2.3' --reason 'sends too much'"],
  async run({ value, kind: text = "version_range", reason: why, endpoint }) {
    const kind = oneOf(KINDS, text);
    const reason = needed("reason", why);
    const api = await connect(endpoint);
    const { id } = await callApi(api, createRevocation, { body: { kind, value, reason } });
    await print(`${id}\n`);
    return 0;
  },
});
