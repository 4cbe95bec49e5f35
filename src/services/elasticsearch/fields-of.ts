/** `fieldsOf`: the fields of a mapping with their types, by their whole names: `http.response.status`. */
import { isMapping } from "../../is-mapping.ts";

const DEEPEST = 50;

/** @param mappings as Elasticsearch gives them: `{properties: {...}}` */
export function fieldsOf(mappings: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  collect(mappings, "", fields, 0);
  const runtime = isMapping(mappings) && isMapping(mappings["runtime"]) ? mappings["runtime"] : {};
  for (const [name, one] of Object.entries(runtime)) fields[name] = `${typeOf(one)} (runtime)`;
  return fields;
}

function collect(node: unknown, prefix: string, into: Record<string, string>, depth: number): void {
  if (!isMapping(node) || depth > DEEPEST) return;
  for (const members of [node["properties"], node["fields"]]) {
    if (!isMapping(members)) continue;
    for (const [name, one] of Object.entries(members)) {
      const whole = `${prefix}${name}`;
      const isLeaf = isMapping(one) && typeof one["type"] === "string" && one["type"] !== "object";
      if (isLeaf) into[whole] = typeOf(one);
      collect(one, `${whole}.`, into, depth + 1);
    }
  }
}

function typeOf(field: unknown): string {
  if (!isMapping(field) || typeof field["type"] !== "string") return "object";
  const { type, path, index } = field;
  const target = typeof path === "string" ? ` of ${path}` : "";
  return `${type}${target}${index === false ? " (not searchable)" : ""}`;
}
