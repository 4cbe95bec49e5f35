/** `km clients`: which MCP clients are here, with which servers, and what is wrong with them. */
import type { Colors } from "picocolors/types";
import { CLIENTS } from "../clients/clients.ts";
import { monitoringKm } from "../clients/km-name.ts";
import { type Places, tildePath } from "../clients/locations.ts";
import { type ClientFile, surveyClients } from "../clients/survey.ts";
import { defineCommand } from "../command.ts";
import { surroundings } from "../context.ts";
import { stdout } from "../output.ts";
import { type Column, colours, printable, table } from "../terminal.ts";

const COLUMNS: Column[] = [
  { header: "CLIENT" },
  { header: "SCOPE" },
  { header: "SERVERS", align: "right" },
  { header: "WRAPPED", align: "right" },
  { header: "PROBLEMS", align: "right" },
  { header: "FILE", flexible: true },
];

export default defineCommand({
  meta: { name: "clients", description: "List MCP clients and the servers in their configuration files" },
  args: { json: { type: "boolean", description: "One file per line as JSON" } },
  examples: ["km clients", "km clients --json | jq -r '.servers[].name'"],
  async run(args) {
    const { env, cwd, home = "" } = surroundings();
    const places: Places = { platform: process.platform, env, home, cwd };
    const files = await surveyClients(places);
    const output = stdout();
    if (args.json) for (const file of files) await output.write(`${JSON.stringify(inJson(file))}\n`);
    else if (files.length > 0) await output.write(listing(files, places, await colours(process.stdout)));
    else
      process.stderr.write(`km: No configuration file was found of ${CLIENTS.map(({ title }) => title).join(", ")}\n`);
    await output.close();
    return 0;
  },
});

function inJson({ client, title, path, scope, servers, problems }: ClientFile): object {
  return {
    client,
    title,
    path,
    scope,
    // Their commands stay out of it, since they may hold secrets.
    servers: servers.map(({ name, kind, disabled, command }) => {
      const km = monitoringKm(command);
      return { name, kind, disabled, wrapped: km !== undefined, ...(km === undefined ? {} : { km }) };
    }),
    problems: problems.map(({ text }) => text),
  };
}

function listing(files: ClientFile[], places: Places, paint: Colors): string {
  const columns = COLUMNS.map((column) => ({ ...column, header: paint.bold(column.header) }));
  const rows = files.map(({ client, scope, servers, problems, path }) => [
    client,
    scope,
    String(servers.length),
    String(servers.filter(({ command }) => monitoringKm(command) !== undefined).length),
    problems.length === 0 ? "0" : paint.red(String(problems.length)),
    printable(tildePath(path, places)),
  ]);
  const problems = files.flatMap(({ path, problems: some }) =>
    some.length === 0
      ? []
      : [`\n${printable(tildePath(path, places))}\n`, ...some.map(({ text }) => `  ${printable(text)}\n`)],
  );
  return table(columns, rows) + problems.join("");
}
