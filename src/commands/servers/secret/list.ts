/** `km servers secret list`: which secrets are kept, and which servers refer to them; never what they are. */
import { defineCommand } from "../../../command.ts";
import { print } from "../../../output.ts";
import { SECRET_NAME } from "../../../servers/references.ts";
import { secretsOf } from "../../../servers/secrets-of.ts";
import { table } from "../../../terminal.ts";
import { openServers } from "../open-servers.ts";
import { ownSecrets } from "../own-secrets.ts";

export default defineCommand({
  meta: { name: "list", description: "List the names of the secrets that are kept" },
  args: { json: { type: "boolean", description: "One secret per line as JSON" } },
  examples: ["km servers secret list"],
  async run(args) {
    const { servers } = await openServers();
    const usersOf = (name: string) => servers.filter((one) => secretsOf(one).includes(name)).map((one) => one.name);
    const kept = (await ownSecrets(true).names()).filter((name) => SECRET_NAME.test(name));
    const missing = [...new Set(servers.flatMap(secretsOf))].filter((name) => !kept.includes(name));
    const all = [...kept.map((name) => ({ name, kept: true })), ...missing.map((name) => ({ name, kept: false }))];
    const shown = all.map((one) => ({ ...one, servers: usersOf(one.name) }));
    if (args.json) await print(shown.map((one) => `${JSON.stringify(one)}\n`).join(""));
    else if (shown.length > 0) {
      const rows = shown.map((one) => [one.name, one.kept ? "yes" : "no", one.servers.join(" ")]);
      await print(table([{ header: "NAME" }, { header: "KEPT" }, { header: "SERVERS", flexible: true }], rows));
    } else process.stderr.write("km: No secret is kept: see km servers secret set\n");
    return 0;
  },
});
