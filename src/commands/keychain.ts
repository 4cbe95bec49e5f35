/** `km __keychain probe`: asks the keychain for another km, which ends this process if there is no answer. */
import { defineCommand } from "../command.ts";
import { KmError } from "../errors.ts";

/** What the other km waits for an answer. */
const PATIENCE_MS = 3000;

export default defineCommand({
  meta: { name: "keychain", description: "Ask the keychain" },
  args: {
    action: { type: "positional", required: true, description: "probe" },
    parent: { type: "positional", required: false, description: "Id of the process to end with" },
  },
  async run({ action, parent }) {
    if (action !== "probe") throw new KmError("USAGE", `Cannot ask the keychain to ${action}`);
    if (parent !== undefined) {
      const { endWithParent } = await import("../auth/end-with-parent.ts");
      endWithParent(Number(parent));
    }
    // Should the other km be gone by then, on systems that do not tell: nobody waits any more.
    setTimeout(() => process.exit(1), PATIENCE_MS).unref();
    const { probeKeychain } = await import("../auth/probe-keychain.ts");
    process.stdout.write(`${JSON.stringify(await probeKeychain(process.env))}\n`);
    return 0;
  },
});
