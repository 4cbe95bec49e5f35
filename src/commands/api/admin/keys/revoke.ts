/** `km api admin keys revoke`: from now on nobody gets in with that API key. */
import { callApi } from "../../../../api/client.ts";
import { revokeKey } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import { connect, ENDPOINT } from "../connect.ts";

export default defineCommand({
  meta: { name: "revoke", description: "Revoke an API key" },
  args: {
    id: { type: "positional", required: true, description: "Its id, not the key itself: key_..." },
    endpoint: ENDPOINT,
  },
  examples: ["km api admin keys revoke key_..."],
  async run({ id, endpoint }) {
    const api = await connect(endpoint);
    await callApi(api, revokeKey, { params: { id } });
    process.stderr.write("km: Revoked\n");
    return 0;
  },
});
