/** `km config init`: writes a configuration file to begin with, where there is none. */
import { existsSync } from "node:fs";
import { defineCommand } from "../../command.ts";
import { configFiles } from "../../config/load.ts";
import { rewriteFile } from "../../config/rewrite.ts";
import { starterConfig } from "../../config/starter.ts";
import { surroundings } from "../../context.ts";
import { KmError } from "../../errors.ts";
import { printLine } from "../../output.ts";

export default defineCommand({
  meta: { name: "init", description: "Write a configuration file with every key and its default" },
  args: {},
  examples: ["km config init"],
  async run() {
    const file = configFiles(surroundings()).user;
    await rewriteFile(file, () => {
      if (!existsSync(file)) return Promise.resolve(starterConfig());
      throw new KmError("CFG_004", `Cannot write ${file}: there is a configuration already`, {
        hint: "km config show --origin shows what is in it, km config set changes it.",
      });
    });
    printLine(file);
    process.stderr.write("km: It changes nothing yet: every key is commented out.\n");
    return 0;
  },
});
