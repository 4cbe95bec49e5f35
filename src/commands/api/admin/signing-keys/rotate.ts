/** `km api admin signing-keys rotate`: makes a new key to sign tokens with, whose id is printed. */
import { callApi } from "../../../../api/client.ts";
import { rotateSigningKeys } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import { print } from "../../../../output.ts";
import { connect, ENDPOINT } from "../connect.ts";

export default defineCommand({
  meta: { name: "rotate", description: "Sign tokens with a new key from now on" },
  args: { endpoint: ENDPOINT },
  examples: ["km api admin signing-keys rotate"],
  async run({ endpoint }) {
    const api = await connect(endpoint);
    const { kid } = await callApi(api, rotateSigningKeys, {});
    await print(`${kid}\n`);
    process.stderr.write("km: The key before is believed until the last of its tokens has expired, in half an hour\n");
    return 0;
  },
});
