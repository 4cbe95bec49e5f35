/** What a server lists, for people: a line each, and one tool or prompt with its arguments. */
import type { Colors } from "picocolors/types";
import type { NamedItem } from "../mcp/list-all.ts";
import { prettyJson } from "../pretty-json.ts";
import { type Column, printable, table, terminalWidth, wrapped } from "../terminal.ts";
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

/** @param width of the terminal; undefined for no limit */
export function toolText({ name, value, text }: NamedItem, colours: Colors, width = terminalWidth()): string {
  const { inputSchema, annotations } = value;
  const schema = isObject(inputSchema) ? inputSchema : {};
  const output = memberText(text, "outputSchema");
  return [
    headOf(name, value, colours, width),
    ...hintsOf(annotations).map((hint) => `${colours.dim(wrapped(hint, width, ""))}\n`),
    argumentsText(schema, colours, width),
    ...(output === undefined ? [] : [`\n${colours.bold("RESULT")}\n\n${prettyJson(output, colours)}\n`]),
  ].join("");
}

export function promptText({ name, value }: NamedItem, colours: Colors, width = terminalWidth()): string {
  return `${headOf(name, value, colours, width)}${argumentsText(promptSchema(value), colours, width)}`;
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

function headOf(name: string, { title, description }: JsonObject, colours: Colors, width: number | undefined): string {
  const called = typeof title === "string" && title !== "" && title !== name ? `  ${printable(title)}` : "";
  const said = typeof description === "string" && description !== "" ? printableLines(description) : "";
  const lines = said.split("\n").map((line) => wrapped(line, width, ""));
  return `${colours.bold(printable(name))}${called}\n${lines.join("\n")}`;
}

/** A table; where that is too wide, what is said of each argument stands below it. */
function argumentsText(schema: JsonObject, colours: Colors, width = Infinity): string {
  const fields = argumentFields(schema);
  if (fields.length === 0) return "";
  const rows = fields.map(({ name, type, isRequired, default: given, description }) => [
    printable(name),
    printable(type),
    isRequired ? "required" : given === undefined ? "" : `default ${printable(asTyped(given))}`,
    printable(description),
  ]);
  const columns = ["ARGUMENT", "TYPE", "", "DESCRIPTION"].map((header): Column => ({ header: colours.bold(header) }));
  const whole = table(columns, rows, Infinity);
  if (whole.split("\n").every((line) => Bun.stringWidth(line) <= width)) return `\n${whole}`;
  const items = rows.map(([name = "", type = "", more = "", description = ""]) => {
    const facts = [type, more].filter((fact) => fact !== "").join(", ");
    const indented = description === "" ? "" : `      ${wrapped(description, width, " ".repeat(6))}\n`;
    return `  ${wrapped(`${colours.bold(name)}  ${facts}`, width, " ".repeat(6))}\n${indented}`;
  });
  return `\n${colours.bold("ARGUMENTS")}\n\n${items.join("")}`;
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
