/** What a server lists, for people: a line each, and one tool or prompt with its arguments. */
import type { Colors } from "picocolors/types";
import type { NamedItem } from "../mcp/list-all.ts";
import { prettyJson } from "../pretty-json.ts";
import { type Column, printable, table } from "../terminal.ts";
import { isObject, type JsonObject, memberText } from "../wire/jsonrpc.ts";
import { argumentFields, asTyped } from "./argument-fields.ts";
import { printableLines } from "./show-parts.ts";

/** Name and the first line of what it is said to be. */
export function listText(items: readonly NamedItem[], header: string, colours: Colors, width?: number): string {
  const columns: Column[] = [{ header: colours.bold(header) }, { header: colours.bold("DESCRIPTION"), flexible: true }];
  return table(
    columns,
    items.map(({ name, value }) => [printable(name), printable(summaryOf(value))]),
    width,
  );
}

export function toolText({ name, value, text }: NamedItem, colours: Colors): string {
  const { inputSchema, annotations } = value;
  const schema = isObject(inputSchema) ? inputSchema : {};
  const output = memberText(text, "outputSchema");
  return [
    headOf(name, value, colours),
    ...hintsOf(annotations).map((hint) => `${colours.dim(hint)}\n`),
    argumentsText(schema, colours),
    ...(output === undefined ? [] : [`\n${colours.bold("RESULT")}\n\n${prettyJson(output, colours)}\n`]),
  ].join("");
}

export function promptText({ name, value }: NamedItem, colours: Colors): string {
  return `${headOf(name, value, colours)}${argumentsText(promptSchema(value), colours)}`;
}

/** The arguments of a prompt, which are all texts, as a schema. */
export function promptSchema(prompt: JsonObject): JsonObject {
  const listed: unknown[] = Array.isArray(prompt["arguments"]) ? prompt["arguments"] : [];
  const known = listed.filter(isObject).filter(({ name }) => typeof name === "string");
  return {
    type: "object",
    properties: Object.fromEntries(
      known.map(({ name, title, description }) => [name, { type: "string", title, description }]),
    ),
    required: known.filter(({ required }) => required === true).map(({ name }) => name),
    additionalProperties: false,
  };
}

function headOf(name: string, { title, description }: JsonObject, colours: Colors): string {
  const called = typeof title === "string" && title !== "" && title !== name ? `  ${printable(title)}` : "";
  const said = typeof description === "string" && description !== "" ? printableLines(description) : "";
  return `${colours.bold(printable(name))}${called}\n${said}`;
}

function argumentsText(schema: JsonObject, colours: Colors): string {
  const fields = argumentFields(schema);
  if (fields.length === 0) return "";
  const rows = fields.map(({ name, type, isRequired, default: given, description }) => [
    printable(name),
    printable(type),
    isRequired ? "required" : given === undefined ? "" : `default ${printable(asTyped(given))}`,
    printable(description),
  ]);
  const columns: Column[] = ["ARGUMENT", "TYPE", "", "DESCRIPTION"].map((header) => ({
    header: colours.bold(header),
    ...(header === "DESCRIPTION" || header === "TYPE" ? { flexible: true as const } : {}),
  }));
  return `\n${table(columns, rows)}`;
}

/** What the server says of its tool, which need not be true. */
function hintsOf(annotations: unknown): string[] {
  if (!isObject(annotations)) return [];
  const said = [
    ...(annotations["readOnlyHint"] === true ? ["changes nothing"] : []),
    ...(annotations["destructiveHint"] === true ? ["may destroy something"] : []),
    ...(annotations["idempotentHint"] === true ? ["can be repeated"] : []),
    ...(annotations["openWorldHint"] === true ? ["reaches beyond the server"] : []),
  ];
  return said.length === 0 ? [] : [`The server says of it: ${said.join(", ")}`];
}

function summaryOf({ description, title, uri, name }: JsonObject): string {
  const texts = [...(typeof uri === "string" ? [name] : []), description, title];
  const first = texts.find((one) => typeof one === "string" && one.trim() !== "");
  return typeof first === "string" ? (first.trim().split("\n")[0] ?? "") : "";
}
