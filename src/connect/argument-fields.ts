/** `argumentFields`: what a schema of arguments asks for, one after the other, for lists and forms. */
import { isObject, type JsonObject } from "../wire/jsonrpc.ts";
import { propertyOf, typesOf } from "./typed-arguments.ts";

export interface ArgumentField {
  name: string;
  /** Such as `text`, `number or null`; the choices where there are such. */
  type: string;
  isRequired: boolean;
  /** What may stand there, where that can be listed, as it is typed; `title` is what people are told of it. */
  choices: { value: string; title: string | undefined }[];
  /** A list of any of the choices. */
  isList: boolean;
  default: unknown;
  /** Its title and its description. */
  description: string;
  schema: JsonObject;
}

const TYPES: Record<string, string> = { string: "text", integer: "whole number", boolean: "true or false" };

/** The required ones first. */
export function argumentFields(schema: JsonObject): ArgumentField[] {
  const { properties, required } = schema;
  const needed = Array.isArray(required) ? required : [];
  const names = isObject(properties) ? Object.keys(properties) : [];
  const fields = names.map((name) => fieldOf(schema, name, needed.includes(name)));
  return fields.sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

function fieldOf(root: JsonObject, name: string, isRequired: boolean): ArgumentField {
  const schema = propertyOf(root, name) ?? {};
  const types = typesOf(root, schema);
  const isList = types.size === 1 && types.has("array");
  const choices = choicesOf(isList ? schema["items"] : schema);
  const words = Array.from(types, (type) => TYPES[type] ?? type).join(" or ");
  const items = isList && isObject(schema["items"]) ? [...typesOf(root, schema["items"])] : [];
  const ofItems = items.length === 0 ? "list" : `list of ${items.map((type) => TYPES[type] ?? type).join(" or ")}`;
  const listed = choices.map(({ value }) => value).join(", ");
  const { title, description } = schema;
  return {
    name,
    type: choices.length > 0 ? `${isList ? "any of " : ""}${listed}` : isList ? ofItems : words === "" ? "any" : words,
    isRequired,
    choices,
    isList,
    default: schema["default"],
    description: [title, description]
      .filter((text) => typeof text === "string" && text !== "" && text !== name)
      .join(": "),
    schema,
  };
}

function choicesOf(schema: unknown): ArgumentField["choices"] {
  if (!isObject(schema)) return [];
  const { oneOf, anyOf, enumNames } = schema;
  if (Array.isArray(schema["enum"])) {
    const titles: unknown[] = Array.isArray(enumNames) ? enumNames : [];
    return schema["enum"].map((value, index) => ({ value: asTyped(value), title: textOf(titles[index]) }));
  }
  const alternatives = Array.isArray(oneOf) ? oneOf : Array.isArray(anyOf) ? anyOf : [];
  const isChoice = alternatives.length > 0 && alternatives.every((one) => isObject(one) && "const" in one);
  if (!isChoice) return [];
  return alternatives.map((one) => ({
    value: asTyped(isObject(one) ? one["const"] : one),
    title: textOf(isObject(one) ? one["title"] : undefined),
  }));
}

/** A value as it is typed behind `name=`. */
export function asTyped(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
