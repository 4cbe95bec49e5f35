/** `km servers list`: the servers of the registry. */
import { defineCommand } from "../../command.ts";
import { createRedactor } from "../../guard/redaction/redact.ts";
import { stdout } from "../../output.ts";
import { shownServer, shownStart } from "../../servers/shown-server.ts";
import { type Column, colours, printable, table } from "../../terminal.ts";
import { say } from "../say.ts";
import { sayProblems, tagsInWords } from "./list-remarks.ts";
import { openServers } from "./open-servers.ts";

const COLUMNS: Column[] = [
  { header: "NAME" },
  { header: "KIND" },
  { header: "TAGS" },
  { header: "COMMAND OR ADDRESS", flexible: true },
];

export default defineCommand({
  meta: { name: "list", description: "List the servers that km knows by name" },
  args: {
    tag: { type: "string", repeat: true, valueHint: "word", description: "Only those with this tag; may be repeated" },
    json: { type: "boolean", description: "One server per line as JSON" },
  },
  examples: ["km servers list", "km servers list --tag work --json | jq -r .name"],
  async run(args) {
    const { file, servers, problems } = await openServers();
    const chosen = servers.filter(({ tags }) => args.tag.every((tag) => tags.includes(tag)));
    const redactor = createRedactor();
    const output = stdout();
    if (args.json) {
      for (const server of chosen) await output.write(`${JSON.stringify(shownServer(server, redactor))}\n`);
    } else if (chosen.length > 0) {
      const paint = await colours(process.stdout);
      const rows = chosen.map(({ name, start, tags }) => [
        name,
        start.kind === "command" ? "command" : "http",
        tags.join(" "),
        printable(shownStart(start, redactor)),
      ]);
      await output.write(
        table(
          COLUMNS.map((column) => ({ ...column, header: paint.bold(column.header) })),
          rows,
        ),
      );
    }
    await output.close();
    sayProblems(problems);
    if (servers.length === 0 && problems.length === 0)
      say(`There is no server in ${file}: see km servers add, or km servers import`);
    else if (servers.length > 0 && chosen.length === 0) say(`No server has ${tagsInWords(args.tag)}`);
    // What is wrong with one server is said; what is wrong with the whole file leaves nothing to list.
    return problems.some(({ severity, server }) => severity === "error" && server === undefined) ? 1 : 0;
  },
});
