/** `km servers remove`: takes servers out of the registry. */
import { defineCommand } from "../../command.ts";
import { homeFolder } from "../../context.ts";
import { print } from "../../output.ts";
import { removeServers } from "../../servers/change-servers.ts";
import { findServer } from "../../servers/find-server.ts";
import { secretsOf } from "../../servers/secrets-of.ts";
import { say } from "../say.ts";
import { openServers } from "./open-servers.ts";

export default defineCommand({
  meta: { name: "remove", description: "Forget a server" },
  args: {
    name: {
      type: "positional",
      required: true,
      repeat: true,
      description: "Its name; several may follow",
      complete: "registered-server",
    },
  },
  examples: ["km servers remove files"],
  async run({ name: names }) {
    const registry = await openServers();
    const { file, written } = registry;
    // For the name that was meant; one with mistakes can be removed too.
    for (const name of names) if (!registry.names.includes(name)) findServer(registry, name);
    await removeServers(file, [...new Set(names)], homeFolder());
    await print(names.map((name) => `${name}\n`).join(""));
    const left = new Set(Array.from(written).flatMap(([name, one]) => (names.includes(name) ? [] : secretsOf(one))));
    for (const secret of new Set(names.flatMap((name) => secretsOf(written.get(name))))) {
      if (!left.has(secret)) say(`The secret ${secret} is still kept: km servers secret remove ${secret}`);
    }
    return 0;
  },
});
