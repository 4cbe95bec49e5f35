/** `km config validate`: checks every configuration file, the environment variables included. */
import { defineCommand } from "../../command.ts";
import { formatProblem } from "../../config/problem.ts";
import { config } from "../../context.ts";

export default defineCommand({
  meta: { name: "validate", description: "Check the configuration files" },
  args: { json: { type: "boolean", description: "Print JSON" } },
  examples: ["km config validate", "km config validate --json | jq -r '.problems[].message'"],
  async run(args) {
    const { files, problems } = await config({ tolerant: true, thorough: true });
    if (args.json) process.stdout.write(`${JSON.stringify({ files, problems }, null, 2)}\n`);
    else {
      for (const problem of problems) {
        const hint = problem.hint === undefined ? "" : `. ${problem.hint}`;
        process.stdout.write(`${formatProblem(problem)}${hint}\n`);
      }
      if (problems.length === 0) for (const { file } of files) process.stdout.write(`${file}: ok\n`);
      if (files.length === 0) process.stderr.write("There is no configuration file: the defaults are in force.\n");
    }
    return problems.length > 0 ? 3 : 0;
  },
});
