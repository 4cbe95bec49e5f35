/** `km policy trust`: lets the policy of a project count, after showing what it says. */
import { join, resolve } from "node:path";
import { defineCommand } from "../../command.ts";
import { formatProblem } from "../../config/problem.ts";
import { KmError } from "../../errors.ts";
import { PROJECT_POLICY } from "../../guard/policy/find-policies.ts";
import { readPolicies } from "../../guard/policy/load.ts";
import { print } from "../../output.ts";
import { printable } from "../../terminal.ts";
import { PROJECT_FOLDER, trustProject } from "../trust-project.ts";
import { levelLines } from "./check.ts";
import { policyOptions } from "./policy-options.ts";

export default defineCommand({
  meta: { name: "trust", description: "Let the policy of a project count" },
  args: {
    folder: PROJECT_FOLDER,
    yes: { type: "boolean", alias: "y", description: "Do not ask" },
  },
  examples: ["km policy trust", "km policy trust ~/shop --yes"],
  async run(args) {
    const folder = resolve(args.folder ?? ".");
    const file = join(folder, PROJECT_POLICY);
    const options = { ...policyOptions(), cwd: folder, isTrusted: () => true };
    const { levels, problems } = readPolicies(options, [{ source: "project", file }]);
    const [first] = problems;
    if (first !== undefined) {
      throw new KmError(first.code, formatProblem(first), {
        hint:
          first.line === undefined ? `A project's policy is a file ${PROJECT_POLICY}.` : `See km policy check ${file}.`,
      });
    }
    await print(levels.map(levelLines).join(""));
    return await trustProject(folder, "policy", {
      yes: args.yes,
      question: `Let whatever is in ${printable(file)} hold back and change messages, now and later?`,
      effect: "its policy counts when km is started in it",
    });
  },
});
