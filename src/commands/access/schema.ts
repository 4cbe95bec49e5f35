/** `km access schema`: the JSON Schema of files for `km proxy --access`, with which editors complete and check them. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { defineCommand } from "../../command.ts";
import { PROXY_CONFIG } from "../../gateway/config/schema.ts";
import { print } from "../../output.ts";

export default defineCommand({
  meta: { name: "schema", description: "Print the JSON Schema of files for km proxy --access" },
  args: {},
  examples: ["km access schema"],
  async run() {
    const schema = toJsonSchema(PROXY_CONFIG, { typeMode: "input", errorMode: "ignore" });
    await print(`${JSON.stringify({ title: "Access to km proxy", ...schema }, null, 2)}\n`);
    return 0;
  },
});
