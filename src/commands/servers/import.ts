/** `km servers import`: takes over the servers of clients' configuration files. */
import { wantedClients } from "../../clients/choose-files.ts";
import { clientsNamed } from "../../clients/clients.ts";
import { isKmName } from "../../clients/km-name.ts";
import { readClientFile } from "../../clients/read-client-file.ts";
import { serverDefinitions } from "../../clients/server-definitions.ts";
import { type ClientFile, surveyClients } from "../../clients/survey.ts";
import { defineCommand } from "../../command.ts";
import { homeFolder, surroundings } from "../../context.ts";
import { KmError } from "../../errors.ts";
import { createRedactor } from "../../guard/redaction/redact.ts";
import { print } from "../../output.ts";
import { addServers } from "../../servers/change-servers.ts";
import { type FoundServer, type ImportPlan, planImport } from "../../servers/plan-import.ts";
import { confirm, isInteractive, printable } from "../../terminal.ts";
import { say } from "../say.ts";
import { openServers } from "./open-servers.ts";

export default defineCommand({
  meta: { name: "import", description: "Take over the servers of your clients' configuration files" },
  args: {
    client: {
      type: "string",
      repeat: true,
      valueHint: "name",
      description: "Only this client, as km clients calls it; may be repeated; default: all",
      complete: "client",
    },
    all: { type: "boolean", description: "Every client that is found, without asking" },
    project: { type: "boolean", description: "Also the project's files" },
    "dry-run": { type: "boolean", description: "Show what would be taken over, and change nothing" },
    yes: { type: "boolean", alias: "y", description: "Do not ask" },
  },
  examples: ["km servers import --dry-run", "km servers import --client cursor", "km servers import --all"],
  async run(args) {
    const registry = await openServers();
    const files = await filesOf(args.client, args.project);
    const known = new Map(registry.names.map((name) => [name, registry.written.get(name)]));
    const plan = planImport(files.flatMap(serversIn), known, createRedactor());
    await show(plan);
    if (plan.added.length === 0) {
      say(files.length === 0 ? "No configuration file of a client was found" : "There is nothing to take over");
      return 0;
    }
    if (args["dry-run"]) return 0;
    if (!args.yes && !args.all) {
      if (!isInteractive()) throw notSaid();
      if (!(await confirm(`Take over ${plan.added.length === 1 ? "this server" : "these servers"}?`))) return 1;
    }
    await keepSecrets(plan);
    await addServers(registry.file, plan.added, homeFolder());
    say(`Changed ${registry.file}; the clients' files are as they were`);
    return 0;
  },
});

function notSaid(): KmError {
  return new KmError("USAGE", "Nobody is here to be asked what to take over", {
    hint: "Add --yes, or --dry-run to see what it would be.",
  });
}

async function filesOf(clients: string[], project: boolean): Promise<ClientFile[]> {
  const { env, cwd, home = "" } = surroundings();
  const places = { platform: process.platform, env, home, cwd };
  const files = await surveyClients(places, wantedClients(clients));
  for (const { problems } of files) {
    for (const { kind, text } of problems) if (kind === "unusable" || kind === "forbidden") say(printable(text));
  }
  return files.filter(({ scope }) => project || scope === "user");
}

function serversIn({ client, title, path }: ClientFile): FoundServer[] {
  const [shape] = clientsNamed(client).map((one) => one.shape);
  if (shape === undefined) return [];
  try {
    const definitions = serverDefinitions(readClientFile(path).text, shape, path);
    // What starts km itself is a server of the registry, or none at all.
    const others = definitions.filter(({ command: [program = ""] }) => !isKmName(program));
    return others.map((definition) => ({ ...definition, client, title }));
  } catch (error) {
    if (error instanceof KmError) return []; // it was told of
    throw error;
  }
}

async function show({ added, left }: ImportPlan): Promise<void> {
  await print(added.map(({ name, titles }) => `${name}  (${titles.join(", ")})\n`).join(""));
  for (const one of left) say(printable(`Left out: ${one}`));
  for (const { name, secrets, notes } of added) {
    for (const secret of secrets.keys()) say(printable(`${name}: a secret becomes \${keychain:${secret}}`));
    for (const note of notes) say(printable(`${name} ${note}`));
  }
}

/** Before the servers that refer to them. One that is kept by that name, and is another, stays. */
async function keepSecrets({ added }: ImportPlan): Promise<void> {
  const secrets = added.flatMap((one) => Array.from(one.secrets, ([name, value]) => ({ name, value })));
  if (secrets.length === 0) return;
  const { ownSecrets } = await import("./own-secrets.ts");
  const store = ownSecrets(true);
  for (const { name, value } of secrets) {
    const before = await store.get(name);
    if (before !== undefined && before !== value) {
      throw new KmError("SRV_005", `Cannot keep the secret ${name}: there is another one of that name`, {
        hint: `If no server needs it any more: km servers secret remove ${name}`,
      });
    }
    await store.set(name, value);
  }
}
