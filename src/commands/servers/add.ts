/** `km servers add`: gives a server a name. */
import { defineCommand } from "../../command.ts";
import { homeFolder } from "../../context.ts";
import { KmError } from "../../errors.ts";
import { print } from "../../output.ts";
import { addServers } from "../../servers/change-servers.ts";
import { plainSecrets } from "../../servers/plain-secrets.ts";
import { secretName } from "../../servers/secret-name.ts";
import { secretsOf } from "../../servers/secrets-of.ts";
import { nameProblem } from "../../servers/server-name.ts";
import { writtenFromFlags } from "../../servers/written-from-flags.ts";
import { echoed } from "../../echoed.ts";
import { say } from "../say.ts";
import { authFlags, authFromFlags } from "./auth-flags.ts";
import { ownServersFile } from "./open-servers.ts";

export default defineCommand({
  meta: { name: "add", description: "Give a server a name" },
  rest: "<command> [args...]",
  args: {
    name: { type: "positional", required: true, description: "What it shall be called" },
    url: { type: "string", valueHint: "url", description: "Where it is, for one that is reached by HTTP" },
    transport: {
      type: "enum",
      options: ["auto", "streamable-http", "sse"],
      description: "How it is spoken to; default: auto",
    },
    header: {
      type: "string",
      repeat: true,
      alias: "H",
      valueHint: "name: value",
      description: "Send it with each request; may be repeated",
    },
    ...authFlags,
    cwd: {
      type: "string",
      valueHint: "folder",
      description: "The folder that the command is started in",
      complete: "folder",
    },
    env: {
      type: "string",
      repeat: true,
      alias: "e",
      valueHint: "NAME=VALUE",
      description: "Set a variable for the command; may be repeated",
    },
    tag: { type: "string", repeat: true, valueHint: "word", description: "To choose it by; may be repeated" },
  },
  examples: [
    "km servers add files -- npx -y @modelcontextprotocol/server-filesystem ~/Documents",
    "km servers add github --env 'GITHUB_TOKEN=${keychain:github-token}' -- github-mcp-server stdio",
    "km servers add team --url https://mcp.example.com/mcp --auth bearer --tag work",
    "km servers add team --url https://mcp.example.com/mcp --auth workload --assertion file:/var/run/secrets/tokens/mcp",
  ],
  async run(args, rest) {
    const { name } = args;
    const problem = nameProblem(name);
    if (problem !== undefined)
      throw new KmError("SRV_003", `Cannot call a server "${echoed(name)}"`, { hint: `Allowed: ${problem}.` });
    const flags = { ...args, headers: args.header, auth: authFromFlags(name, args), tags: args.tag };
    const written = writtenFromFlags(name, flags, rest);
    const [plain] = plainSecrets(written);
    if (plain !== undefined) throw refusal(name, plain.path, plain.role);
    const file = ownServersFile();
    await addServers(file, [{ name, server: written }], homeFolder());
    await print(`${name}\n`);
    say(`Added to ${file}; use it with km monitor --use ${name}`);
    for (const secret of secretsOf(written)) say(`    It needs a secret: km servers secret set ${secret}`);
    return 0;
  },
});

function refusal(name: string, path: (string | number)[], role: string): KmError {
  const secret = secretName(name, role);
  const what = path[0] === "env" || path[0] === "headers" ? path[1] : path[0] === "url" ? "the address" : "an argument";
  return new KmError("SRV_003", `Cannot add ${name}: ${what} holds a secret, which would stand in the file`, {
    hint: `Store it with km servers secret set ${secret}, and write '\${keychain:${secret}}' in its place.`,
  });
}
