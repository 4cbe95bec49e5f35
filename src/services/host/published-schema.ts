/**
 * `publishedInput` and `publishedOutput`: schemas of a tool as clients are told of them: JSON Schema without what models have no
 * use for, since they pay for each word of each list. What is left out is still checked, and said when it is not met.
 */
import type { JSONObject, JSONValue, PromptArgument } from "@modelcontextprotocol/server";
import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { isMapping } from "../../is-mapping.ts";

/** Of an object. */
export interface PublishedSchema {
  type: "object";
  properties?: JSONObject;
  required?: string[];
  [keyword: string]: unknown;
}

const DRY_RUN = { type: "boolean", description: "Only say what would happen" };

export function publishedInput(schema: v.GenericSchema, hasPreview: boolean): PublishedSchema {
  const { properties, required } = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
  const own = propertiesOf(properties);
  const all = hasPreview ? { ...own, dry_run: DRY_RUN } : own;
  return {
    type: "object",
    ...(Object.keys(all).length > 0 && { properties: all }),
    ...(required !== undefined && required.length > 0 && { required }),
  };
}

/**
 * The names of the members. Nothing is required: a preview has none of it, and what is secret may be left out. Their types can be
 * seen in any answer, and clients that show models what tools give show them that.
 */
export function publishedOutput(schema: v.GenericSchema): PublishedSchema {
  const { properties } = toJsonSchema(schema, { typeMode: "output", errorMode: "ignore" });
  const own = Object.keys(properties ?? {}).map((name): [string, JSONObject] => [name, {}]);
  return { type: "object", ...(own.length > 0 && { properties: Object.fromEntries(own) }) };
}

/** Of a prompt, whose arguments are texts. */
export function publishedArguments(schema: v.GenericSchema): PromptArgument[] {
  const { properties, required = [] } = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
  return Object.entries(properties ?? {}).map(([name, property]) => {
    const description = isMapping(property) ? property["description"] : undefined;
    return {
      name,
      ...(typeof description === "string" && { description }),
      required: required.includes(name),
    };
  });
}

/** They say how long or large something may be at most, and which characters it may have; names are texts anyway. */
const NOISE = new Set([
  "$schema",
  "propertyNames",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "pattern",
  "minProperties",
  "minimum",
  "maximum",
]);

/** Their names are no keywords. */
function propertiesOf(properties: unknown): JSONObject {
  const entries = isMapping(properties) ? Object.entries(properties) : [];
  return Object.fromEntries(entries.map(([name, schema]) => [name, stripped(schema)]));
}

function stripped(value: unknown): JSONValue {
  if (Array.isArray(value)) return value.map(stripped);
  if (!isMapping(value)) return isLeaf(value) ? value : null;
  const entries = Object.entries(value).flatMap(([key, one]): [string, JSONValue][] => {
    if (NOISE.has(key) || one === undefined || isEmpty(key, one)) return [];
    return [[key, key === "properties" ? propertiesOf(one) : stripped(one)]];
  });
  return Object.fromEntries(entries);
}

function isLeaf(value: unknown): value is string | number | boolean | null {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

/** It says nothing: no members, whatever else, or what anybody takes for granted. */
function isEmpty(key: string, value: unknown): boolean {
  if (key === "required" || key === "properties") return Object.keys(Object(value)).length === 0;
  if (key === "additionalProperties") return isMapping(value) && Object.keys(value).length === 0;
  return key === "default" && (value === false || (Array.isArray(value) && value.length === 0));
}
