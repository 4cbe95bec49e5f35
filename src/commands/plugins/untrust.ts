/** `km plugins untrust`: no longer lets the plugins of a project's folder run. */
import { resolve } from "node:path";
import { defineCommand } from "../../command.ts";
import { paths } from "../../context.ts";
import { untrustFolder } from "../../plugin/discovery/trust.ts";
import { PROJECT_FOLDER } from "../trust-project.ts";

export default defineCommand({
  meta: { name: "untrust", description: "No longer let the plugins of a project run" },
  args: { folder: PROJECT_FOLDER },
  examples: ["km plugins untrust", "km plugins untrust ~/shop"],
  async run(args) {
    const folder = resolve(args.folder ?? ".");
    const changed = await untrustFolder(paths().config, folder);
    process.stderr.write(`km: ${changed ? `No longer trusted: ${folder}` : `${folder} was not trusted`}\n`);
    return 0;
  },
});
