/** `km config show`: every key with the value in force. */
import { defineCommand } from "../../command.ts";
import { formatValue } from "../../config/format.ts";
import { getValue, type Key, KEYS } from "../../config/keys.ts";
import type { LoadedConfig, Origin } from "../../config/load.ts";
import { errorFrom, formatProblem } from "../../config/problem.ts";
import { config } from "../../context.ts";
import { print } from "../../output.ts";

export default defineCommand({
  meta: { name: "show", description: "Show every value in force" },
  args: {
    origin: { type: "boolean", description: "Also show where each value comes from" },
    json: { type: "boolean", description: "Print JSON: sizes in bytes, durations in milliseconds" },
    config: {
      type: "string",
      valueHint: "file",
      description: "Read this file in place of the user's",
      complete: "file",
    },
  },
  examples: ["km config show --origin", "km config show --json | jq '.[\"journal.payloads\"]'"],
  async run(args) {
    const loaded = await config({ tolerant: true, ...(args.config === undefined ? {} : { file: args.config }) });
    await print(args.json ? json(loaded, args.origin) : lines(loaded, args.origin));
    for (const problem of loaded.problems) {
      if (problem.severity === "warning") process.stderr.write(`km: ${formatProblem(problem)}\n`);
    }
    // The values were shown, since they are what a monitored session would use; the problem still needs an answer.
    const error = errorFrom(loaded.problems);
    if (error !== undefined) throw error;
    return 0;
  },
});

function lines({ values, origins }: LoadedConfig, withOrigin: boolean): string {
  let text = "";
  for (const key of KEYS.keys()) {
    const origin = withOrigin ? `  (${words(originOf(origins, key))})` : "";
    text += `${key} = ${formatValue(key, getValue(values, key))}${origin}\n`;
  }
  return text;
}

function json({ values, origins }: LoadedConfig, withOrigin: boolean): string {
  const members = [...KEYS.keys()].map((key) => {
    const value = getValue(values, key);
    return [key, withOrigin ? { value, ...originOf(origins, key) } : value];
  });
  return `${JSON.stringify(Object.fromEntries(members), null, 2)}\n`;
}

function words(origin: Origin): string {
  const place = origin.file ?? origin.variable;
  const own = place === undefined ? origin.source : `${origin.source} ${place}`;
  return origin.addedTo === undefined ? own : `${own}, added to ${words(origin.addedTo)}`;
}

function originOf(origins: LoadedConfig["origins"], key: Key): Origin {
  return origins.get(key) ?? { source: "default" };
}
