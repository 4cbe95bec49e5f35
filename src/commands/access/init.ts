/** `km access init`: writes a file for `km proxy --access` to begin with, with a key for its owner. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineCommand } from "../../command.ts";
import { KmError, systemCode, systemReason } from "../../errors.ts";
import { hashOfKey, newApiKey } from "../../gateway/access/api-keys.ts";
import { accessStarter } from "../../gateway/config/access-starter.ts";
import { print } from "../../output.ts";
import { say } from "../say.ts";

export default defineCommand({
  meta: { name: "init", description: "Write a file for km proxy --access to begin with" },
  args: {
    file: { type: "positional", required: false, description: "Where; default: access.yaml", complete: "file" },
  },
  examples: ["km access init", "km access init /etc/km/access.yaml"],
  async run({ file = "access.yaml" }) {
    const place = resolve(file);
    const key = newApiKey();
    try {
      writeFileSync(place, accessStarter(hashOfKey(key)), { flag: "wx", mode: 0o600 });
    } catch (error) {
      const why = systemCode(error) === "EEXIST" ? "it is there already" : systemReason(error);
      throw new KmError("CFG_004", `Cannot write ${place}: ${why}`, { cause: error });
    }
    await print(`${place}\n`);
    say(`Its key is ${key}: it is kept nowhere else. Then start km proxy with --access ${file}.`);
    return 0;
  },
});
