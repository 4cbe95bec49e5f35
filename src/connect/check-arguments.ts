/** `checkArguments`: compares arguments with a schema before they are sent, and says where they do not fit. */
import { closest } from "../closest.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { type Mismatch, schemaMatcher } from "../plugin/manifest/json-schema.ts";
import { isObject, type JsonObject } from "../wire/jsonrpc.ts";

/**
 * A schema that cannot be understood is left to the server.
 *
 * @param input the text of an object
 * @throws KmError USAGE for the first thing that does not fit
 */
export function checkArguments(input: string, schema: JsonObject): void {
  const found = mismatch(input, schema);
  if (found === undefined) return;
  const given: unknown = JSON.parse(input);
  const { message, hint } = inWords(found, isObject(given) ? Object.keys(given) : [], schema);
  throw new KmError("USAGE", message, hint === undefined ? {} : { hint });
}

/** Where a value does not fit, as a sentence; undefined where it does. */
export function misfit(value: string, schema: JsonObject): string | undefined {
  const found = mismatch(value, schema);
  return found === undefined ? undefined : inWords(found, [], schema).message;
}

/**
 * A name that no argument has is a slip of the fingers as a rule, even where the schema does not forbid it.
 *
 * @throws KmError USAGE
 */
export function checkNames(names: readonly string[], schema: JsonObject): void {
  const { properties, additionalProperties, patternProperties } = schema;
  if (additionalProperties === true || isObject(additionalProperties) || isObject(patternProperties)) return;
  // What is put together of other schemas names them there.
  if (["allOf", "anyOf", "oneOf", "$ref", "if"].some((keyword) => keyword in schema)) return;
  const known = isObject(properties) ? Object.keys(properties) : [];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = closest(unknown, known);
  const all = known.length === 0 ? "It takes none." : `It takes ${known.join(", ")}.`;
  throw new KmError("USAGE", `No such argument: ${echoed(unknown)}`, {
    hint: nearest === undefined ? `${all} ${unknown}:=... sends it all the same.` : `Did you mean ${nearest}?`,
  });
}

function mismatch(text: string, schema: JsonObject): Mismatch | undefined {
  try {
    return schemaMatcher(schema).firstMismatch(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function inWords(
  { path, kind, found, allowed, secret }: Mismatch,
  given: string[],
  schema: JsonObject,
): { message: string; hint?: string | undefined } {
  const name = path.length === 0 ? "The value" : `Argument ${echoed(path.join("."))}`;
  switch (kind) {
    case "missing": {
      const missing = path.at(-1) ?? "";
      const { properties } = schema;
      const known = isObject(properties) ? Object.keys(properties) : [];
      const typed =
        path.length > 1
          ? undefined
          : closest(
              missing,
              given.filter((one) => !known.includes(one)),
            );
      const hint = typed === undefined ? undefined : `Did you mean it by ${typed}?`;
      return { message: `${name} is missing: ${allowed.join(", ")}`, hint };
    }
    case "unknown": {
      const nearest = closest(path.at(-1) ?? "", allowed);
      const all = allowed.length === 0 ? "There are none." : `There are ${allowed.join(", ")}.`;
      return { message: `${name} is not known`, hint: nearest === undefined ? all : `Did you mean ${nearest}?` };
    }
    case "wrong": {
      const shown = secret ? "" : `, not ${echoed(JSON.stringify(found) ?? "nothing")}`;
      return { message: `${name} must be ${allowed.join(", ")}${shown}`, hint: nearestChoice(found, allowed) };
    }
  }
}

function nearestChoice(found: unknown, allowed: string[]): string | undefined {
  if (typeof found !== "string") return undefined;
  const nearest = closest(
    found,
    allowed.flatMap((words) => words.split(", ")),
  );
  return nearest === undefined || nearest === found ? undefined : `Did you mean ${nearest}?`;
}
