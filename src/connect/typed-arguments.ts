/** `typedArguments`: words such as `count=3` as the JSON that a tool's schema says they are. */
import { closest } from "../closest.ts";
import { KmError } from "../errors.ts";
import { echoed } from "../echoed.ts";
import { isJson } from "../is-json.ts";
import { resolveRef } from "../plugin/manifest/json-schema.ts";
import { isObject, type JsonObject, memberText, topLevelTokens } from "../wire/jsonrpc.ts";

/** A file whose contents are an argument. */
export interface ArgumentFile {
  name: string;
  text: string;
}

export interface GivenArguments {
  /** `name=value` by the schema, `name:=json` as it stands there. */
  words: readonly string[];
  files?: readonly ArgumentFile[];
  /** Text of an object; the words take the place of its members. */
  json?: string | undefined;
}

/**
 * @param schema of the arguments, as the server listed it
 * @returns the text of an object, every number as it was written
 * @throws KmError USAGE for a word that is none of these, and for a value that is not of its type
 */
export function typedArguments({ words, files = [], json }: GivenArguments, schema: JsonObject): string {
  const members = new Map<string, string>();
  if (json !== undefined) for (const [name, text] of membersOf(json)) members.set(name, text);
  const given = new Set<string>();
  const add = (name: string, text: string): void => {
    if (given.has(name)) throw new KmError("USAGE", `Argument ${echoed(name)} is given twice`);
    given.add(name);
    members.set(name, text);
  };
  for (const word of words) {
    const [, name = "", sign, value = ""] = /^([^=]*?)(:?=)(.*)$/s.exec(word) ?? [];
    if (sign === undefined || name === "") throw noArgument(word, schema);
    add(name, sign === ":=" ? jsonValue(name, value) : typedValue(name, value, schema));
  }
  for (const { name, text } of files) add(name, valueOfFile(name, text, schema));
  return objectText(members);
}

/** @param members texts of values by their names */
export function objectText(members: ReadonlyMap<string, string>): string {
  return `{${Array.from(members, ([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/**
 * The text of a value of this argument.
 *
 * @throws KmError USAGE where it is not of the type that the schema has
 */
export function typedValue(name: string, value: string, schema: JsonObject): string {
  const property = propertyOf(schema, name);
  const types = typesOf(schema, property);
  const trimmed = value.trim();
  const isWritten = isJson(trimmed);
  // A text is what was typed, unless it can be nothing else.
  for (const type of [...types].sort((a, b) => Number(a === "string") - Number(b === "string"))) {
    switch (type) {
      case "integer":
      case "number":
        if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(trimmed)) return trimmed;
        break;
      case "boolean":
        if (/^(?:true|yes|on)$/i.test(trimmed)) return "true";
        if (/^(?:false|no|off)$/i.test(trimmed)) return "false";
        break;
      case "null":
        if (trimmed === "null") return trimmed;
        break;
      case "array":
        if (isWritten && trimmed.startsWith("[")) return trimmed;
        if (types.size === 1) return listOf(name, value, schema, property);
        break;
      case "object":
        if (isWritten && trimmed.startsWith("{")) return trimmed;
        break;
      case "string":
        return JSON.stringify(value);
      default: // a type that JSON has not
    }
  }
  // Of what the schema says nothing, JSON that is more than a word is taken as that.
  if (types.size === 0)
    return isWritten && /^[[{\d"-]|^(?:true|false|null)$/.test(trimmed) ? trimmed : JSON.stringify(value);
  throw new KmError(
    "USAGE",
    `Argument ${echoed(name)} must be ${inWords(types)}, not ${JSON.stringify(echoed(value))}`,
    {
      hint: `${name}:='...' takes JSON as it stands there.`,
    },
  );
}

/** `a,b` for a list of what needs no brackets. */
function listOf(name: string, value: string, root: JsonObject, property: JsonObject | undefined): string {
  const items = property?.["items"];
  const schema: JsonObject = { ...root, properties: { [name]: isObject(items) ? items : {} } };
  const kinds = typesOf(schema, isObject(items) ? items : undefined);
  if (kinds.has("object") || kinds.has("array")) {
    throw new KmError(
      "USAGE",
      `Argument ${echoed(name)} must be a list, as JSON, not ${JSON.stringify(echoed(value))}`,
      {
        hint: `Such as ${name}:='[...]'.`,
      },
    );
  }
  const parts = value === "" ? [] : value.split(",");
  return `[${parts.map((part) => typedValue(name, part, schema)).join(",")}]`;
}

/** The schema of an argument; undefined where it says nothing of it. */
export function propertyOf(schema: JsonObject, name: string): JsonObject | undefined {
  const { properties } = schema;
  const property = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return resolved(schema, property);
}

/** The JSON types that a value may have; none where the schema leaves it open. */
export function typesOf(root: JsonObject, schema: JsonObject | undefined, depth = 0): Set<string> {
  if (schema === undefined || depth > 8) return new Set();
  const { type, anyOf, oneOf } = schema;
  if (type !== undefined) return new Set([type].flat().map(String));
  const literals = Array.isArray(schema["enum"]) ? schema["enum"] : "const" in schema ? [schema["const"]] : [];
  if (literals.length > 0) return new Set(literals.map(typeOf));
  const alternatives = [anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return new Set(alternatives.flatMap((one) => [...typesOf(root, resolved(root, one), depth + 1)]));
}

function resolved(root: JsonObject, schema: unknown): JsonObject | undefined {
  for (let [next, depth] = [schema, 0]; isObject(next) && depth < 16; depth++) {
    if (typeof next["$ref"] !== "string") return next;
    next = resolveRef(root, next["$ref"]);
  }
  return undefined;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function jsonValue(name: string, value: string): string {
  if (isJson(value)) return value.trim();
  throw new KmError("USAGE", `Argument ${echoed(name)} is no JSON: ${echoed(value)}`);
}

function valueOfFile(name: string, text: string, schema: JsonObject): string {
  const types = typesOf(schema, propertyOf(schema, name));
  if (types.size === 0 || types.has("string")) return JSON.stringify(text);
  return typedValue(name, text.trim(), schema);
}

/**
 * Texts of values by their names.
 *
 * @throws KmError USAGE for what is no object
 */
export function membersOf(json: string): Map<string, string> {
  if (!isJson(json)) throw new KmError("USAGE", `The arguments are no JSON: ${echoed(json.trim())}`);
  const text = json.trim();
  if (!text.startsWith("{")) throw new KmError("USAGE", `The arguments must be an object: ${echoed(text)}`);
  const members = new Map<string, string>();
  for (const { start, end, isKey } of topLevelTokens(text)) {
    if (!isKey) continue;
    const name = String(JSON.parse(text.slice(start, end)));
    members.set(name, memberText(text, name) ?? "null");
  }
  return members;
}

function noArgument(word: string, schema: JsonObject): KmError {
  const { properties } = schema;
  const names = isObject(properties) ? Object.keys(properties) : [];
  const nearest = closest(word, names) ?? (names.length === 1 ? names[0] : undefined);
  return new KmError("USAGE", `Not an argument: ${echoed(word)}`, {
    hint: `Give arguments as name=value${nearest === undefined ? "." : `, such as ${nearest}=...`}`,
  });
}

const WORDS: Record<string, string> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object as JSON",
  null: "null",
};

function inWords(types: ReadonlySet<string>): string {
  return Array.from(types, (type) => WORDS[type] ?? type).join(" or ");
}
