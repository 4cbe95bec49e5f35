/** `yamlText`: a value as YAML for readers: long lines whole, texts of several lines as blocks. */
import { stringify } from "yaml";

/** @param value as JSON has it */
export function yamlText(value: unknown): string {
  const json = JSON.stringify(value) ?? "null";
  // Bun's own takes a thirtieth of the time, but has no blocks; and what stands in two places is an alias in the second one.
  if (!json.includes("\\n")) return Bun.YAML.stringify(JSON.parse(json), null, 2).trimEnd();
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
}
