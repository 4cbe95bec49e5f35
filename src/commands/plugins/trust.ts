/** `km plugins trust`: lets the plugins of a project's folder run, after showing what they ask for. */
import { join, resolve } from "node:path";
import { defineCommand } from "../../command.ts";
import { KmError } from "../../errors.ts";
import { stdout } from "../../output.ts";
import { pluginsIn } from "../../plugin/discovery/discover.ts";
import type { LoadedPlugin } from "../../plugin/discovery/load-plugin.ts";
import { permissionWords } from "../../plugin/manifest/permission-words.ts";
import { printable, table } from "../../terminal.ts";
import { PROJECT_FOLDER, trustProject } from "../trust-project.ts";

export default defineCommand({
  meta: { name: "trust", description: "Let the plugins of a project run" },
  args: {
    folder: PROJECT_FOLDER,
    yes: { type: "boolean", alias: "y", description: "Do not ask" },
  },
  examples: ["km plugins trust", "km plugins trust ~/shop --yes"],
  async run(args) {
    const folder = resolve(args.folder ?? ".");
    const plugins = await pluginsIn(join(folder, "plugins"), "project");
    if (plugins.length === 0) {
      throw new KmError("PLG_001", `No plugins in ${join(folder, "plugins")}`, {
        hint: "Name the folder in which km is started, with its plugins in a folder plugins.",
      });
    }
    const output = stdout();
    await output.write(listing(plugins));
    await output.close();
    for (const problem of problemsOf(plugins)) process.stderr.write(`km: ${printable(problem)}\n`);
    return await trustProject(folder, "plugins", {
      yes: args.yes,
      question: `Let whatever is in ${join(printable(folder), "plugins")} run on this machine, now and later?`,
      effect: "its plugins run when km is started there",
    });
  },
});

function listing(plugins: LoadedPlugin[]): string {
  const columns = [{ header: "PLUGIN" }, { header: "VERSION" }, { header: "ASKS FOR" }];
  const rows = plugins.map((one) => {
    if (one.state === "invalid") return [printable(one.name), "", "cannot run"];
    const { name, version, permissions } = one.plugin.manifest;
    return [name, version, permissionWords(permissions).map(printable).join("; ") || "nothing"];
  });
  return table(columns, rows, undefined);
}

function problemsOf(plugins: LoadedPlugin[]): string[] {
  return plugins.flatMap((one) => (one.state === "invalid" ? [one.error.message] : one.warnings));
}
