/** `km config get`: the value of one key. */
import { defineCommand } from "../../command.ts";
import { formatValue } from "../../config/format.ts";
import { findKey, valueInside } from "../../config/key-path.ts";
import { getValue } from "../../config/keys.ts";
import { config } from "../../context.ts";
import { KmError } from "../../errors.ts";
import { print } from "../../output.ts";

export default defineCommand({
  meta: { name: "get", description: "Show one value" },
  args: {
    key: {
      type: "positional",
      required: true,
      description: "Name of the value, such as journal.payloads; km config show lists all",
      complete: "config-key",
    },
  },
  examples: ["km config get journal.retention.max_age"],
  async run(args) {
    const found = findKey(args.key);
    if (found === undefined) {
      const { unknownKey } = await import("../../config/unknown-key.ts");
      const { message, hint } = unknownKey(args.key);
      throw new KmError("CFG_003", message, { hint: hint ?? "See km config show." });
    }
    const { key, inside } = found;
    const { values } = await config();
    const value = valueInside(getValue(values, key), inside);
    if (value === undefined)
      throw new KmError("CFG_003", `${args.key} is not set`, { hint: `See km config get ${key}.` });
    await print(`${formatValue(key, value)}\n`);
    return 0;
  },
});
