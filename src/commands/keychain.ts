/** `km __keychain probe`: asks the keychain for another km, which ends this process if there is no answer. */
import { defineCommand } from "../command.ts";
import { KmError } from "../errors.ts";

const PATIENCE_MS = 10_000;

export default defineCommand({
  meta: { name: "keychain", description: "Ask the keychain" },
  args: { action: { type: "positional", required: true, description: "probe" } },
  async run({ action }) {
    if (action !== "probe") throw new KmError("USAGE", `Cannot ask the keychain to ${action}`);
    // Should the other km be gone by then: nobody waits any more.
    setTimeout(() => process.exit(1), PATIENCE_MS).unref();
    const { probeKeychain } = await import("../auth/probe-keychain.ts");
    process.stdout.write(`${JSON.stringify(await probeKeychain(process.env))}\n`);
    return 0;
  },
});
