/** `km config get`: the value of one key. */
import { defineCommand } from "../../command.ts";
import { formatValue } from "../../config/format.ts";
import { getValue, isKey } from "../../config/keys.ts";
import { config } from "../../context.ts";
import { KmError } from "../../errors.ts";

export default defineCommand({
  meta: { name: "get", description: "Show one value" },
  args: { key: { type: "positional", required: true, description: "Its name, such as journal.payloads" } },
  examples: ["km config get journal.retention.max_age"],
  async run(args) {
    if (!isKey(args.key)) {
      const { unknownKey } = await import("../../config/unknown-key.ts");
      const { message, hint } = unknownKey(args.key);
      throw new KmError("CFG_003", message, { hint: hint ?? "See km config show." });
    }
    const { values } = await config();
    process.stdout.write(`${formatValue(args.key, getValue(values, args.key))}\n`);
    return 0;
  },
});
