/** `km api admin packages upload`: adds a package of a plugin; its id is printed. */
import { statSync } from "node:fs";
import { callApi } from "../../../../api/client.ts";
import { uploadPackage } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import { KmError } from "../../../../errors.ts";
import { print } from "../../../../output.ts";
import { isTarget, type Target, TARGETS } from "../../../../platforms.ts";
import { TIERS } from "../../../../tiers.ts";
import { connect, ENDPOINT } from "../connect.ts";
import { needed, oneOf } from "../flags.ts";

const TIMEOUT_MS = 10 * 60_000;

export default defineCommand({
  meta: { name: "upload", description: "Add a package of a plugin" },
  args: {
    file: { type: "positional", required: true, description: "The package, which is kept as it is", complete: "file" },
    name: { type: "string", valueHint: "plugin", description: "Name of the plugin" },
    version: { type: "string", valueHint: "version", description: "Its version, such as 1.2.3" },
    platform: { type: "string", valueHint: "platform", description: "What it runs on, such as linux-x64" },
    tier: { type: "enum", options: [...TIERS], description: "The least tier that may have it" },
    endpoint: ENDPOINT,
  },
  examples: ["km api admin packages upload a.kmpkg --name api-logger --version 1.2.3 --platform linux-x64 --tier pro"],
  async run({ file, name, version, platform, tier, endpoint }) {
    const query = {
      name: needed("name", name),
      version: needed("version", version),
      platform: platformOf(needed("platform", platform)),
      tier: oneOf(TIERS, needed("tier", tier)),
    };
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw new KmError("USAGE", `Cannot upload ${file}: there is no such file`);
    }
    const api = await connect(endpoint);
    const { id, sha256 } = await callApi(api, uploadPackage, { query, body: Bun.file(file), timeoutMs: TIMEOUT_MS });
    await print(`${id}\n`);
    process.stderr.write(`km: Its SHA-256 is ${sha256}\n`);
    return 0;
  },
});

function platformOf(text: string): Target {
  if (isTarget(text)) return text;
  throw new KmError("USAGE", `Flag --platform cannot be "${text}"`, { hint: `Allowed: ${TARGETS.join(", ")}.` });
}
