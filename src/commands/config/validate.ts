/** `km config validate`: checks every configuration file, the environment variables included. */
import { defineCommand } from "../../command.ts";
import { formatProblem } from "../../config/problem.ts";
import { config } from "../../context.ts";
import { print } from "../../output.ts";

export default defineCommand({
  meta: { name: "validate", description: "Check the configuration files" },
  args: { json: { type: "boolean", description: "Print JSON" } },
  examples: ["km config validate", "km config validate --json | jq -r '.problems[].message'"],
  async run(args) {
    const { files, problems } = await config({ tolerant: true, thorough: true });
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
