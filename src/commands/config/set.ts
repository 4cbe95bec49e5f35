/** `km config set`: changes one value in the user's or the project's file. */
import { defineCommand } from "../../command.ts";
import { formatValue } from "../../config/format.ts";
import { findKey, mappingAt } from "../../config/key-path.ts";
import type { Key } from "../../config/keys.ts";
import { configFiles, loadConfig } from "../../config/load.ts";
import { mayStandInProject, newProjectFile } from "../../config/project.ts";
import { checkValue, flowFromText, valueFromText } from "../../config/schema.ts";
import { setValueInFile } from "../../config/set-value.ts";
import { unknownKey } from "../../config/unknown-key.ts";
import { surroundings } from "../../context.ts";
import { KmError } from "../../errors.ts";
import { print } from "../../output.ts";

export default defineCommand({
  meta: { name: "set", description: "Change one value" },
  args: {
    key: {
      type: "positional",
      required: true,
      description: "Name of the value, such as journal.payloads; km config show lists all",
      complete: "config-key",
    },
    value: {
      type: "positional",
      required: true,
      description: "What it shall be; a list as a,b or [a, b], a mapping as {a: b}",
      complete: "config-value",
    },
    project: { type: "boolean", description: "Change the project's .km.yaml in place of the user's file" },
  },
  examples: [
    "km config set journal.payloads metadata",
    "km config set journal.retention.max_age 90d",
    "km config set --project redact.keys customer_id,iban",
    "km config set plugins.configuration.console-logger.level debug",
  ],
  async run(args) {
    const { key, path, raw, value } = checkArguments(args.key, args.value, args.project);
    const options = surroundings();
    const { user, project } = configFiles(options);
    const file = args.project ? (project ?? newProjectFile(options.cwd, options.home)) : user;
    await setValueInFile(file, path, raw);
    await print(`${args.key} = ${formatValue(key, value)}\n`);
    process.stderr.write(`Changed ${file}\n`);
    const origin = (await loadConfig(options)).origins.get(key);
    const place = origin?.file ?? origin?.variable;
    if (place !== file)
      process.stderr.write(`It has no effect here: the value in force comes from ${place ?? "the defaults"}.\n`);
    return 0;
  },
});

interface Change {
  key: Key;
  /** Where in the file the value goes: the key's names, and those inside its mapping. */
  path: string[];
  /** As it will stand in the file. */
  raw: unknown;
  /** As it will be used. */
  value: unknown;
}

function checkArguments(name: string, text: string, inProject: boolean): Change {
  const found = findKey(name);
  if (found === undefined) {
    const { message, hint } = unknownKey(name);
    throw new KmError("CFG_003", message, { hint: hint ?? "See km config show." });
  }
  const { key, inside } = found;
  const raw = inside.length === 0 ? valueFromText(key, text) : flowFromText(text);
  const checked = checkValue(key, mappingAt(inside, raw));
  if (!checked.ok) throw new KmError("CFG_002", checked.message, { hint: checked.hint });
  if (inProject && !mayStandInProject(key)) {
    throw new KmError("CFG_002", `${key} cannot be set by a project`, {
      hint: "Leave out --project to set it in your own file.",
    });
  }
  return { key, path: [...key.split("."), ...inside], raw, value: inside.length === 0 ? checked.value : raw };
}
