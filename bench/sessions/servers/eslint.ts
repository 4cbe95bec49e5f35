/** `eslint`: files looked through for mistakes, right ones and wrong ones. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicServer } from "../public-server.ts";

export const eslint: PublicServer = {
  name: "eslint",
  package: "@eslint/mcp",
  version: "0.3.13",
  bin: "mcp",
  calls: async (visit, { project }) => {
    writeFileSync(join(project, "eslint.config.mjs"), CONFIG);
    writeFileSync(join(project, "src", "wrong.mjs"), WRONG);
    const files = readdirSync(join(project, "src")).filter((name) => name.endsWith(".mjs"));
    for (const name of files) await visit.call("lint-files", { filePaths: [join(project, "src", name)] });
    await visit.call("lint-files", { filePaths: files.map((name) => join(project, "src", name)) });
    await visit.call("lint-files", { filePaths: [join(project, "scripts", "check-node.mjs")] });
  },
};

const CONFIG =
  'export default [{ rules: { "no-eval": "error", "no-unused-vars": "warn", "no-undef": "error", "no-script-url": "error" } }];\n';
const WRONG =
  'const secret = 1;\neval("1 + 1");\nlocation.href = "javascript:void(0)";\nundefinedFunction(`${process.env.HOME}`);\n';
