/** `km servers schema`: the JSON Schema of servers.yaml, with which editors complete and check it. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { defineCommand } from "../../command.ts";
import { print } from "../../output.ts";
import { SERVERS } from "../../servers/schema.ts";

export default defineCommand({
  meta: { name: "schema", description: "Print the JSON Schema of servers.yaml, for editors" },
  args: {},
  examples: ["km servers schema"],
  async run() {
    const schema = toJsonSchema(SERVERS, { typeMode: "input", errorMode: "ignore" });
    await print(`${JSON.stringify({ title: "Servers of km", ...schema }, null, 2)}\n`);
    return 0;
  },
});
