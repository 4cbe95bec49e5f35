/** Compares values with a JSON Schema, and says in words for people where one does not match. */
import { dereference, type OutputUnit, type Schema, type SchemaDraft, validate } from "@cfworker/json-schema";
import { isObject } from "../../wire/jsonrpc.ts";

export interface Mismatch {
  /** Leads from the value to what is wrong with it. */
  path: string[];
  /** `unknown`: a member that may not be there. */
  kind: "missing" | "unknown" | "wrong";
  /** undefined where it is missing. */
  found: unknown;
  /** What may stand there, such as `debug, info` or `a whole number from 1 to 10`; of an unknown member, its neighbours. */
  allowed: string[];
  /** The schema says that it is not to be shown. */
  secret: boolean;
}

/** Its methods throw where a schema turns out to be broken, such as one that refers to itself without end. */
export interface SchemaMatcher {
  /** undefined where everything matches. */
  firstMismatch(value: unknown): Mismatch | undefined;
  /** Whether the schema at a place inside of this one takes the value. */
  acceptsAt(steps: string[], value: unknown): boolean;
}

/** @throws where a reference is not a URI, or two schemas have the same one */
export function schemaMatcher(schema: Record<string, unknown>): SchemaMatcher {
  // The validator marks what it has read, and the schema is not ours.
  const root: Schema = structuredClone(schema);
  const lookup = dereference(root);
  const draft = draftOf(schema);
  return {
    firstMismatch(value) {
      const { errors } = validate(value, root, draft, lookup, false);
      const index = Math.max(
        errors.findIndex(({ keyword }) => !AROUND_ANOTHER.has(keyword)),
        0,
      );
      const error = errors[index];
      return error === undefined ? undefined : mismatchOf(root, value, error, errors[index - 1]);
    },
    acceptsAt(steps, value) {
      const part = schemaAt(root, steps);
      return typeof part !== "object" || part === null || validate(value, part, draft, lookup, true).valid;
    },
  };
}

/** Errors that only say that the next one is below. */
const AROUND_ANOTHER: ReadonlySet<string> = new Set(
  "$ref allOf if properties patternProperties additionalProperties unevaluatedProperties dependentSchemas items prefixItems additionalItems unevaluatedItems propertyNames".split(
    " ",
  ),
);

function mismatchOf(root: unknown, value: unknown, error: OutputUnit, around: OutputUnit | undefined): Mismatch {
  const path = pointerSteps(error.instanceLocation);
  const found = path.reduce<unknown>(
    (node, step) => (typeof node === "object" ? Object(node)[step] : undefined),
    value,
  );
  if (error.keyword === "false") {
    const parent = schemaAt(root, pointerSteps(around?.keywordLocation ?? "#").slice(0, -1));
    const neighbours = Object.entries(propertiesOf(parent)).filter(([, schema]) => schema !== false);
    return { path, kind: "unknown", found, allowed: neighbours.map(([name]) => name), secret: true };
  }
  const schema = schemaAt(root, pointerSteps(error.keywordLocation).slice(0, -1));
  if (error.keyword === "required" && isObject(schema) && Array.isArray(schema["required"])) {
    // The library tells of each in the order of the list, and this is the first.
    const name = schema["required"].map(String).find((member) => !Object.hasOwn(Object(found), member)) ?? "";
    const allowed = describeSchema(root, propertiesOf(schema)[name]);
    return { path: [...path, name], kind: "missing", found: undefined, allowed: [allowed], secret: false };
  }
  const secret = isObject(schema) && schema["writeOnly"] === true;
  return { path, kind: "wrong", found, allowed: [describeSchema(root, schema)], secret };
}

function draftOf({ $schema }: Record<string, unknown>): SchemaDraft {
  const uri = String($schema);
  if (uri.includes("draft-04")) return "4";
  if (uri.includes("draft-06") || uri.includes("draft-07")) return "7";
  return uri.includes("2019-09") ? "2019-09" : "2020-12";
}

/** What a local reference such as `#/$defs/level` leads to; undefined where there is no such thing. */
export function resolveRef(root: unknown, ref: string): unknown {
  return ref === "#" || ref.startsWith("#/") ? schemaAt(root, pointerSteps(ref)) : undefined;
}

function pointerSteps(pointer: string): string[] {
  const steps = pointer.split("/").slice(1);
  return steps.map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function schemaAt(root: unknown, steps: string[]): unknown {
  return steps.reduce<unknown>((node, step) => {
    const next: unknown =
      typeof node === "object" && node !== null && Object.hasOwn(node, step) ? Object(node)[step] : undefined;
    return step === "$ref" && typeof next === "string" ? resolveRef(root, next) : next;
  }, root);
}

function propertiesOf(schema: unknown): Record<string, unknown> {
  return isObject(schema) && isObject(schema["properties"]) ? schema["properties"] : {};
}

const TYPES: Record<string, string> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  null: "null",
};

/** What a schema lets through, as far as a few words can tell. */
function describeSchema(root: unknown, schema: unknown, depth = 0): string {
  if (!isObject(schema) || depth > 3) return schema === false ? "nothing" : "anything";
  if (typeof schema["$ref"] === "string") return describeSchema(root, resolveRef(root, schema["$ref"]), depth + 1);
  if ("const" in schema) return literal(schema["const"]);
  if (Array.isArray(schema["enum"])) return schema["enum"].map(literal).join(", ");
  const alternatives = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(alternatives)) {
    return alternatives.map((alternative) => describeSchema(root, alternative, depth + 1)).join(" or ");
  }
  const types = [schema["type"] ?? []].flat().map((type) => TYPES[literal(type)] ?? literal(type));
  const limits = LIMITS.filter(([keyword]) => schema[keyword] !== undefined);
  const words = limits.map(([keyword, before, after = ""]) => `${before} ${literal(schema[keyword])}${after}`);
  const text = [types.join(" or "), words.join(" and ")].filter((part) => part !== "").join(" ");
  return text === "" ? "what its schema says" : text;
}

const LIMITS: [keyword: string, before: string, after?: string][] = [
  ["minimum", "of at least"],
  ["exclusiveMinimum", "above"],
  ["maximum", "of at most"],
  ["exclusiveMaximum", "below"],
  ["multipleOf", "divisible by"],
  ["minLength", "of at least", " characters"],
  ["maxLength", "of at most", " characters"],
  ["pattern", "that matches"],
  ["format", "in the format"],
  ["minItems", "of at least", " items"],
  ["maxItems", "of at most", " items"],
  ["uniqueItems", "of different items:"],
  ["minProperties", "of at least", " members"],
  ["maxProperties", "of at most", " members"],
];

function literal(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
