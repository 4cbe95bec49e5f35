/** `km servers export`: servers as a client's configuration file has them, or as JSON. */
import { wantedClients } from "../../clients/choose-files.ts";
import { CLIENTS } from "../../clients/clients.ts";
import { foldersOf } from "../../clients/locations.ts";
import { snippet, type SnippetServer } from "../../clients/snippet.ts";
import { defineCommand } from "../../command.ts";
import { surroundings } from "../../context.ts";
import { KmError } from "../../errors.ts";
import { print } from "../../output.ts";
import { findServer } from "../../servers/find-server.ts";
import type { WrittenServer } from "../../servers/schema.ts";
import { stableKm } from "./stable-km.ts";
import { openServers } from "./open-servers.ts";

export default defineCommand({
  meta: { name: "export", description: "Print servers for a client's file, or as JSON" },
  args: {
    name: {
      type: "positional",
      required: false,
      repeat: true,
      description: "Which servers; default: all",
      complete: "registered-server",
    },
    client: {
      type: "string",
      valueHint: "name",
      description: "As this client's file has them, with km in front, which knows the secrets",
      complete: "client",
    },
    json: { type: "boolean", description: "As they are written in servers.yaml, one server per line as JSON" },
  },
  examples: ["km servers export files --client cursor", "km servers export --client codex", "km servers export --json"],
  async run(args) {
    if ((args.client === undefined) === !args.json)
      throw new KmError("USAGE", "Either --client or --json is needed", { hint: "km clients lists the clients." });
    const registry = await openServers();
    const names = args.name.length === 0 ? registry.servers.map(({ name }) => name) : [...new Set(args.name)];
    for (const name of names) findServer(registry, name);
    if (args.client === undefined)
      await print(names.map((name) => jsonLine(name, registry.written.get(name))).join(""));
    else await printFor(args.client, names);
    return 0;
  },
});

function jsonLine(name: string, server: WrittenServer | undefined): string {
  return `${JSON.stringify({ name, ...server })}\n`;
}

async function printFor(word: string, names: string[]): Promise<void> {
  const [client] = wantedClients([word]);
  if (client === undefined) throw new KmError("CLT_001", `No such client: ${word}`);
  await print(snippet(client, names.map(throughKm)));
  const { env, cwd, home = "" } = surroundings();
  const [file] = client.files(foldersOf({ platform: process.platform, env, home, cwd }));
  process.stderr.write(`km: This goes into ${file ?? "the file"}. ${client.reload}\n`);
}

/** What a client starts to get a server of the registry. */
export function throughKm(name: string): SnippetServer {
  return { name, command: stableKm(), args: ["monitor", "--use", name] };
}

/** As most clients have it. */
export function usualSnippet(name: string): string {
  const usual = CLIENTS.find(({ id }) => id === "claude-desktop");
  return usual === undefined ? "" : snippet(usual, [throughKm(name)]);
}
