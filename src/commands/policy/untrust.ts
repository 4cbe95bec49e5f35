/** `km policy untrust`: no longer lets the policy of a project count. */
import { resolve } from "node:path";
import { defineCommand } from "../../command.ts";
import { paths } from "../../context.ts";
import { isTrusted, untrustFolder } from "../../plugin/discovery/trust.ts";
import { PROJECT_FOLDER } from "../trust-project.ts";

export default defineCommand({
  meta: { name: "untrust", description: "No longer let the policy of a project count" },
  args: { folder: PROJECT_FOLDER },
  examples: ["km policy untrust", "km policy untrust ~/shop"],
  async run(args) {
    const { config } = paths();
    const folder = resolve(args.folder ?? ".");
    const changed = await untrustFolder(config, folder, "policy");
    process.stderr.write(
      `km: ${changed ? `No longer trusted: ${folder}` : `The policy of ${folder} was not trusted`}\n`,
    );
    if (isTrusted(config, folder)) {
      process.stderr.write(
        "km: It still counts, since the plugins of that folder are trusted: see km plugins untrust\n",
      );
    }
    return 0;
  },
});
