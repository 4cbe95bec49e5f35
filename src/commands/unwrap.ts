/** `km unwrap [CLIENT...]`: takes km out of clients' configuration files again. */
import { defineCommand } from "../command.ts";
import { changeFlags, runChange } from "./wrap.ts";

export default defineCommand({
  meta: { name: "unwrap", description: "Take km out of your clients' configuration files again" },
  args: changeFlags,
  examples: [
    "km unwrap --all                     all clients",
    "km unwrap cursor --server github    one server of one client",
  ],
  run: (args) => runChange("unwrap", args),
});
