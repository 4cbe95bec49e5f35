/** `km access check`: everything that is wrong with a file for `km proxy --access`, or what it says in words. */
import { resolve } from "node:path";
import { defineCommand } from "../../command.ts";
import { formatProblem } from "../../config/problem.ts";
import { homeFolder } from "../../context.ts";
import { accessWords } from "../../gateway/config/access-words.ts";
import { lookAtFile } from "../../gateway/config/look-at-file.ts";
import { readProxyConfig } from "../../gateway/config/read-proxy-config.ts";
import { print } from "../../output.ts";
import { printable } from "../../terminal.ts";
import { textOf } from "./read-access.ts";

const FOUND = 3;

export default defineCommand({
  meta: { name: "check", description: "Check a file for km proxy --access" },
  args: {
    file: { type: "positional", required: true, description: "The file", complete: "file" },
    json: { type: "boolean", description: "Print JSON" },
  },
  examples: ["km access check access.yaml", "km access check access.yaml --json | jq -r '.problems[].message'"],
  async run({ file, json }) {
    const read = readProxyConfig(resolve(file), textOf(file), homeFolder(), lookAtFile);
    const problems = "problems" in read ? read.problems : [];
    if (json) await print(`${JSON.stringify({ file: resolve(file), problems }, null, 2)}\n`);
    else if ("value" in read)
      await print(
        accessWords(read.value)
          .map((line) => `${printable(line)}\n`)
          .join(""),
      );
    else
      await print(
        problems.map((one) => `${formatProblem(one)}${one.hint === undefined ? "" : `. ${one.hint}`}\n`).join(""),
      );
    return problems.length > 0 ? FOUND : 0;
  },
});
