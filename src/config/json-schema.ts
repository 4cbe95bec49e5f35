/** `configSchema`: the JSON Schema of configuration files, made of the checks that km itself makes. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { isMapping } from "../is-mapping.ts";
import { formatValue } from "./format.ts";
import { KEY_WORDS } from "./key-words.ts";
import { defaultConfig, getValue, KEYS } from "./keys.ts";
import { schemaOf } from "./schema.ts";

type Json = Record<string, unknown>;

export function configSchema(): object {
  const root = group();
  const defaults = defaultConfig();
  for (const [key, { kind, variable }] of KEYS) {
    const path = key.split(".");
    const name = path.pop() ?? "";
    const value = getValue(defaults, key);
    const { $schema: _dialect, ...schema } = toJsonSchema(schemaOf(key), { typeMode: "input", errorMode: "ignore" });
    const isWritten = kind === "size" || kind === "duration";
    membersOf(path.reduce(inGroup, root))[name] = {
      ...nullable(schema),
      description: variable === undefined ? KEY_WORDS[key] : `${KEY_WORDS[key]} Environment: ${variable}.`,
      default: isWritten ? formatValue(key, value) : value,
    };
  }
  return { $schema: "http://json-schema.org/draft-07/schema#", title: "Configuration of km", ...root };
}

/** A key or group without a value leaves things as they are. */
function nullable(schema: Json): Json {
  if (typeof schema["type"] === "string") {
    const { enum: words } = schema;
    return { ...schema, type: [schema["type"], "null"], ...(Array.isArray(words) && { enum: [...words, null] }) };
  }
  return Array.isArray(schema["anyOf"]) ? { ...schema, anyOf: [...schema["anyOf"], { type: "null" }] } : schema;
}

function group(): Json {
  return { type: ["object", "null"], properties: {}, additionalProperties: false };
}

function inGroup(node: Json, name: string): Json {
  const members = membersOf(node);
  const found = members[name];
  if (isMapping(found)) return found;
  const made = group();
  members[name] = made;
  return made;
}

function membersOf(node: Json): Json {
  const { properties } = node;
  return isMapping(properties) ? properties : {};
}
