/** `yamlText`: a value as YAML for readers: long lines whole, texts of several lines as blocks. */
import { stringify } from "yaml";

export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
}
