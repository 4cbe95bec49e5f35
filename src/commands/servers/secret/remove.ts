/** `km servers secret remove`: forgets secrets of servers. */
import { defineCommand } from "../../../command.ts";
import { KmError } from "../../../errors.ts";
import { print } from "../../../output.ts";
import { secretsOf } from "../../../servers/secrets-of.ts";
import { say } from "../../say.ts";
import { openServers } from "../open-servers.ts";
import { ownSecrets } from "../own-secrets.ts";
import { requireSecretName } from "./set.ts";

export default defineCommand({
  meta: { name: "remove", description: "Forget a secret" },
  args: {
    name: {
      type: "positional",
      required: true,
      repeat: true,
      description: "Its name; several may follow",
      complete: "server-secret",
    },
  },
  examples: ["km servers secret remove github-token"],
  async run({ name: names }) {
    for (const name of names) requireSecretName(name);
    const store = ownSecrets(true);
    const { servers } = await openServers();
    for (const name of new Set(names)) {
      if (!(await store.remove(name))) {
        throw new KmError("SRV_005", `No such secret: ${name}`, { hint: "See km servers secret list." });
      }
      await print(`${name}\n`);
      const users = servers.filter((server) => secretsOf(server).includes(name)).map((server) => server.name);
      if (users.length > 0) say(`It is missing now in ${users.join(", ")}`);
    }
    return 0;
  },
});
