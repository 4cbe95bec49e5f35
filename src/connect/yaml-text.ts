/** `yamlText`: JSON text as YAML, integers with all their digits. */
import { stringify } from "yaml";

export function yamlText(json: string): string {
  return stringify(JSON.parse(json, exact), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** @param context what stood there */
function exact(_: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  const isRounded = typeof value === "number" && !Number.isSafeInteger(value);
  return isRounded && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
