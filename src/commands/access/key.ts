/** `km access key`: makes an API key, and what the file has of it. */
import { defineCommand } from "../../command.ts";
import { KmError } from "../../errors.ts";
import { hashOfKey, newApiKey } from "../../gateway/access/api-keys.ts";
import { print } from "../../output.ts";
import { say } from "../say.ts";

export default defineCommand({
  meta: { name: "key", description: "Make an API key for km proxy" },
  args: {
    name: { type: "positional", required: true, description: "Whose it is, as records show it" },
    role: { type: "string", repeat: true, valueHint: "role", description: "What it may do; may be repeated" },
    json: { type: "boolean", description: "Print JSON" },
  },
  examples: ["km access key build --role reader", "km access key build --json | jq -r .key"],
  async run({ name, role, json }) {
    requireName(name);
    for (const one of role) requireName(one);
    const key = newApiKey();
    const entry = { name, sha256: hashOfKey(key), ...(role.length > 0 && { roles: role }) };
    if (json) {
      await print(`${JSON.stringify({ key, entry })}\n`);
      return 0;
    }
    say("Give this key to its owner; it is kept nowhere. Clients send it as Authorization: Bearer, or X-API-Key.");
    await print(`${key}\n`);
    say("Put this under auth.keys of the file for km proxy --access:");
    const roles = role.length > 0 ? `, roles: [${role.join(", ")}]` : "";
    say(`  - { name: ${name}, sha256: "${entry.sha256}"${roles} }`);
    return 0;
  },
});

function requireName(name: string): void {
  if (/^[\w.@-]{1,100}$/.test(name)) return;
  throw new KmError("USAGE", `"${name.slice(0, 60)}" cannot be such a name`, {
    hint: "Allowed: 1 to 100 letters, digits, dots, dashes, underscores and @.",
  });
}
