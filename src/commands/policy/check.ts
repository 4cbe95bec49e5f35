/** `km policy check`: everything that is wrong with the policies, or what they say in words. */
import { resolve } from "node:path";
import { defineCommand } from "../../command.ts";
import { type ConfigProblem, formatProblem } from "../../config/problem.ts";
import type { CompiledLevel } from "../../guard/policy/compiled.ts";
import { findPolicies, type PolicyFile } from "../../guard/policy/find-policies.ts";
import { readPolicies } from "../../guard/policy/load.ts";
import { levelWords } from "../../guard/policy/words.ts";
import { print } from "../../output.ts";
import { printable } from "../../terminal.ts";
import { policyOptions } from "./policy-options.ts";
import { counted } from "../../counted.ts";

const FOUND = 3;

export default defineCommand({
  meta: { name: "check", description: "Check the policies" },
  args: {
    file: {
      type: "positional",
      required: false,
      description: "The policy file to check; default: all that count here",
      complete: "file",
    },
    json: { type: "boolean", description: "Print JSON" },
  },
  examples: [
    "km policy check",
    "km policy check .km-policy.yaml",
    "km policy check --json | jq -r '.problems[].message'",
  ],
  async run(args) {
    const options = policyOptions();
    const files: PolicyFile[] =
      args.file === undefined ? findPolicies(options) : [{ source: "user", file: resolve(args.file) }];
    // A file is checked whether its folder is trusted or not: nothing of it is used.
    const { levels, problems, warnings } = readPolicies({ ...options, isTrusted: () => true }, files);
    if (args.json) {
      const json = { files: files.map(({ file }) => file), problems: [...problems, ...warnings] };
      await print(`${JSON.stringify(json, null, 2)}\n`);
    } else await print([...problems, ...warnings].map(problemLine).join("") + levels.map(levelLines).join(""));
    if (files.length === 0)
      process.stderr.write("km: There is no policy: nothing is held back. Begin one with km policy init.\n");
    return problems.length > 0 ? FOUND : 0;
  },
});

function problemLine(problem: ConfigProblem): string {
  const hint = problem.hint === undefined ? "" : `. ${problem.hint}`;
  return `${formatProblem(problem)}${hint}\n`;
}

/** Also of `km policy show`. */
export function levelLines(level: CompiledLevel): string {
  const count = counted(level.rules.length, "rule");
  const lines = levelWords(level).map((line) => `  ${printable(line)}\n`);
  return `${level.file}: ok, ${count} (${level.source})\n${lines.join("")}`;
}
