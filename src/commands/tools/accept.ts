/** `km tools accept`: from now on, what a server says of its tools is what it may say. */
import { defineCommand } from "../../command.ts";
import { paths } from "../../context.ts";
import { KmError } from "../../errors.ts";
import { acceptDefinitions, type Decided } from "../../guard/pins/accept-definitions.ts";
import { print } from "../../output.ts";
import { colours, confirm, isInteractive, printable } from "../../terminal.ts";
import { say } from "../say.ts";
import { isInQuestion, type KnownServer, knownServers, type KnownTool, unknownTool } from "./known-servers.ts";
import { shownDiff } from "./shown-diff.ts";
import { toolLine } from "./tool-line.ts";
import { counted } from "../../counted.ts";

interface Selected {
  known: KnownServer;
  tools: KnownTool[];
}

export default defineCommand({
  meta: { name: "accept", description: "Accept what a server says of its tools now" },
  args: {
    server: {
      type: "positional",
      required: false,
      description: "Name of the server, or its key",
      complete: "server",
    },
    tool: {
      type: "positional",
      required: false,
      repeat: true,
      description: "Names of tools; default: all in question",
    },
    all: { type: "boolean", description: "All tools of all servers, or of the one that is named" },
    yes: { type: "boolean", alias: "y", description: "Do not ask" },
    json: { type: "boolean", description: "One accepted tool per line as JSON" },
  },
  examples: ["km tools accept files", "km tools accept files read_file write_file", "km tools accept --all --yes"],
  async run({ server, tool: names, all, yes, json }) {
    if (server === undefined && !all) {
      throw new KmError("USAGE", "No server named whose tools to accept", {
        hint: "Name one, or give --all. See km tools diff.",
      });
    }
    const servers = await knownServers(paths().data, server, (problem) => say(problem.message));
    if (server !== undefined && servers.length > 1 && !all) throw ambiguous(server, servers);
    const selected = select(servers, names);
    if (selected.length === 0) {
      say("All tools are as they were accepted");
      return 0;
    }
    const paint = await colours(process.stderr);
    for (const { known, tools } of selected)
      for (const tool of tools) process.stderr.write(shownDiff(known, tool, paint));
    if (!yes && !(await agreed(selected))) return 1;
    return await accept(selected, json);
  },
});

function select(servers: readonly KnownServer[], names: readonly string[]): Selected[] {
  for (const name of names) {
    if (!servers.some((one) => one.tools.some((tool) => tool.name === name))) throw unknownTool(name);
  }
  return servers.flatMap((known) => {
    const tools = known.tools.filter((tool) => {
      // One that is gone is given up only where it is named.
      return names.length === 0 ? isInQuestion(tool) : names.includes(tool.name) && tool.status !== "accepted";
    });
    return tools.length === 0 ? [] : [{ known, tools }];
  });
}

async function agreed(selected: readonly Selected[]): Promise<boolean> {
  if (!isInteractive()) {
    throw new KmError("USAGE", "Cannot ask whether to accept: no terminal", {
      hint: "Give --yes to accept without being asked.",
    });
  }
  const count = selected.flatMap(({ tools }) => tools).filter(({ status }) => status !== "masked").length;
  if (count === 0) return true;
  return await confirm(count === 1 ? "Accept this definition?" : `Accept these ${count} definitions?`);
}

/** What was shown is accepted, and nothing that was listed since. */
async function accept(selected: readonly Selected[], json: boolean): Promise<number> {
  const { data } = paths();
  let unacceptable = 0;
  for (const { known, tools } of selected) {
    const masked = tools.filter(({ status }) => status === "masked").length;
    const decided = tools.flatMap((tool) => (tool.status === "masked" ? [] : decidedOn(tool)));
    const result = decided.length === 0 ? undefined : await acceptDefinitions(data, known.server, decided, new Date());
    if (json)
      await print(
        tools
          .filter(({ status }) => status !== "masked")
          .map((tool) => acceptedLine(known, tool))
          .join(""),
      );
    const name = printable(known.server.name);
    if (decided.length > 0) say(`Accepted ${counted(decided.length, "tool")} of ${name}`);
    for (const tool of result?.changedSince ?? []) {
      say(`${printable(tool)} of ${name} has changed again since it was shown: see km tools diff`);
    }
    if (masked > 0)
      say(`${masked} of ${name} cannot be accepted from a recording in which they are masked: see docs/tools.md`);
    unacceptable += masked + (result?.changedSince.length ?? 0);
  }
  return unacceptable > 0 ? 1 : 0;
}

function decidedOn({ name, listed }: KnownTool): Decided[] {
  return [{ name, accepted: listed }];
}

function acceptedLine(known: KnownServer, tool: KnownTool): string {
  const { listed } = tool;
  if (listed === undefined) return toolLine(known, { ...tool, accepted: undefined });
  return toolLine(known, { ...tool, status: "accepted", accepted: { ...listed, by: "user" } });
}

function ambiguous(word: string, servers: readonly KnownServer[]): KmError {
  const keys = servers.map(({ key, server }) => `${key} (${printable(server.command.join(" "))})`).join(", ");
  return new KmError(
    "PIN_002",
    `Cannot tell which server ${JSON.stringify(word)} means: ${servers.length} are called so`,
    {
      hint: `Give --all for all of them, or one of ${keys}.`,
    },
  );
}
