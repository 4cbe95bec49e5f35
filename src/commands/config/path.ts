/** `km config path`: the folders km uses and the configuration files it reads. */
import { defineCommand } from "../../command.ts";
import { configFiles } from "../../config/load.ts";
import { surroundings } from "../../context.ts";
import { print } from "../../output.ts";

export default defineCommand({
  meta: { name: "path", description: "Show where km keeps its files" },
  args: { json: { type: "boolean", description: "Print JSON" } },
  examples: ["km config path", 'cd "$(km config path --json | jq -r .data)"'],
  async run(args) {
    const options = surroundings();
    const { system, user, project } = configFiles(options);
    const { config, data, state, cache } = options.paths;
    const places = { config, data, state, cache, system_file: system, user_file: user, project_file: project ?? null };
    const lines = Object.entries(places).map(([name, place]) => `${name} = ${place ?? "(none)"}\n`);
    await print(args.json ? `${JSON.stringify(places, null, 2)}\n` : lines.join(""));
    return 0;
  },
});
