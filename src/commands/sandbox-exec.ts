/** `km __sandbox-exec CONFINEMENT -- COMMAND...`: confines itself, then becomes the command. Starts plugins on Linux. */
import { defineCommand } from "../command.ts";
import { KmError } from "../errors.ts";
import { confineAndExecute } from "../plugin/sandbox/confine.ts";
import { type Confinement, NOT_CONFINED } from "../plugin/sandbox/confinement.ts";

export default defineCommand({
  meta: { name: "__sandbox-exec", description: "Run a plugin confined" },
  args: { confinement: { type: "positional", required: true, description: "What it may do, as JSON" } },
  rest: "<command>",
  async run({ confinement }, command) {
    const { step, errno } = confineAndExecute(command, JSON.parse(confinement) as Confinement);
    const { getSystemErrorMessage } = await import("node:util");
    const why = errno === undefined ? step : `${step}: ${getSystemErrorMessage(-errno)}`;
    throw new KmError("PLG_RUN_007", `Cannot start the plugin confined: ${why}`, { exitCode: NOT_CONFINED });
  },
});
