/** `schemaTrouble`: what makes the schema of a tool one that clients refuse. */
import { resolveRef } from "../plugin/manifest/json-schema.ts";
import { isObject, type JsonObject } from "../wire/jsonrpc.ts";

const TYPES: ReadonlySet<unknown> = new Set(["null", "boolean", "object", "array", "number", "integer", "string"]);
const ONE_SCHEMA = ["not", "if", "then", "else", "contains", "additionalProperties", "propertyNames"];
const LISTS = ["allOf", "anyOf", "oneOf", "prefixItems"];
const MAPPINGS = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/** What is deeper, and what comes after so many parts, is not looked at. */
const DEEPEST = 64;
const MOST_PARTS = 20_000;

/** @returns what follows the name of the schema: `has no type`; undefined where nothing is wrong */
export function schemaTrouble(schema: unknown): string | undefined {
  if (!isObject(schema)) return "is no schema";
  if (schema["type"] !== "object") return `must have the type "object"`;
  return troubleIn(schema, "", { root: schema, left: MOST_PARTS }, 0);
}

interface Look {
  root: JsonObject;
  left: number;
}

function troubleIn(schema: unknown, path: string, look: Look, depth: number): string | undefined {
  if (typeof schema === "boolean" || depth > DEEPEST || look.left-- <= 0) return undefined;
  const at = path === "" ? "" : ` at ${path.slice(1)}`;
  if (!isObject(schema)) return `has no schema${at}`;
  const { type, required, $ref, enum: values } = schema;
  if (type !== undefined && ![type].flat().every((one) => TYPES.has(one))) {
    return `has an unknown type${at}: ${JSON.stringify(type)}`;
  }
  if (required !== undefined && !isTexts(required)) return `has a "required" that is no list of names${at}`;
  if (values !== undefined && !Array.isArray(values)) return `has an "enum" that is no list${at}`;
  if (typeof $ref === "string" && $ref.startsWith("#") && resolveRef(look.root, $ref) === undefined) {
    return `refers to what is not there${at}: ${$ref}`;
  }
  for (const [part, name] of partsOf(schema)) {
    if (typeof part === "string") return `has a "${name}" that ${part}${at}`;
    const trouble = troubleIn(part.schema, `${path}.${name}`, look, depth + 1);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

function* partsOf(schema: JsonObject): Generator<[part: { schema: unknown } | string, name: string]> {
  for (const name of ONE_SCHEMA) if (name in schema) yield [{ schema: schema[name] }, name];
  // Before 2020-12 this may be a list too.
  for (const one of "items" in schema ? [schema["items"]].flat() : []) yield [{ schema: one }, "items"];
  for (const name of LISTS) {
    const list = schema[name];
    if (list === undefined) continue;
    if (!Array.isArray(list)) yield ["is no list", name];
    else for (const one of list) yield [{ schema: one }, name];
  }
  for (const name of MAPPINGS) {
    const members = schema[name];
    if (members === undefined) continue;
    if (!isObject(members)) yield ["is no mapping", name];
    else for (const [key, one] of Object.entries(members)) yield [{ schema: one }, `${name}.${key}`];
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
