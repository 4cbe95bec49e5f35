/** `km config validate`: checks every configuration file and servers.yaml, the environment variables included. */
import { existsSync } from "node:fs";
import { defineCommand } from "../../command.ts";
import { type ConfigProblem, formatProblem } from "../../config/problem.ts";
import { config, homeFolder, paths } from "../../context.ts";
import { print } from "../../output.ts";
import { readServersFile, serversFile } from "../../servers/read-servers-file.ts";

export default defineCommand({
  meta: { name: "validate", description: "Check the configuration files, and servers.yaml" },
  args: { json: { type: "boolean", description: "Print JSON" } },
  examples: ["km config validate", "km config validate --json | jq -r '.problems[].message'"],
  async run(args) {
    const loaded = await config({ tolerant: true, thorough: true });
    const { file, problems: ofServers } = await readServersFile(serversFile(paths().config), {
      home: homeFolder(),
      thorough: true,
    });
    const files = [...loaded.files, ...(existsSync(file) ? [{ source: "servers", file }] : [])];
    const problems: ConfigProblem[] = [...loaded.problems, ...ofServers];
    if (args.json) await print(`${JSON.stringify({ files, problems }, null, 2)}\n`);
    else {
      let text = "";
      for (const problem of problems) {
        const hint = problem.hint === undefined ? "" : `. ${problem.hint}`;
        text += `${formatProblem(problem)}${hint}\n`;
      }
      if (problems.length === 0) for (const { file } of files) text += `${file}: ok\n`;
      await print(text);
      if (files.length === 0) process.stderr.write("There is no configuration file: the defaults are in force.\n");
    }
    return problems.length > 0 ? 3 : 0;
  },
});
