/** `km config schema`: the JSON Schema of configuration files, with which editors complete and check them. */
import { defineCommand } from "../../command.ts";
import { configSchema } from "../../config/json-schema.ts";
import { print } from "../../output.ts";

export default defineCommand({
  meta: { name: "schema", description: "Print the JSON Schema of configuration files, for editors" },
  args: {},
  examples: ["km config schema"],
  async run() {
    await print(`${JSON.stringify(configSchema(), null, 2)}\n`);
    return 0;
  },
});
