/** `completeLine`: what may stand where the cursor is in a line that is typed to a server. */
import type { McpClient } from "../mcp/client.ts";
import type { RequestOptions } from "../mcp/conversation.ts";
import { printable } from "../terminal.ts";
import { isObject } from "../wire/jsonrpc.ts";
import { argumentFields } from "./argument-fields.ts";
import type { Catalog } from "./catalog.ts";
import type { Completions } from "./line-input.ts";
import { promptSchema } from "./offer-text.ts";
import { placeInTemplate } from "./place-in-template.ts";
import { splitWords } from "./split-words.ts";

export interface Completable {
  client: McpClient;
  catalog: Catalog;
  /** Names of the commands, and what each takes. */
  commands: ReadonlyMap<string, Completed>;
}

/** What the first argument of a command names. */
export type Completed = "tool" | "prompt" | "resource" | "level" | "command" | "output" | "nothing";

export const LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
export const OUTPUTS = ["text", "json", "yaml"];
/** A server that takes longer is not waited for. */
const PATIENCE_MS = 2000;

/** @param line up to the cursor */
export async function completeLine(line: string, completable: Completable): Promise<Completions> {
  const words = splitWords(line);
  if (words === undefined) return { candidates: [], length: 0 };
  const isOpen = words.length > 0 && !/\s$/.test(line);
  const current = isOpen ? (words.at(-1)?.text ?? "") : "";
  const before = words.slice(0, isOpen ? -1 : undefined).map(({ text }) => text);
  // A word with quotes in it is not what stands in the line.
  if (isOpen && !line.endsWith(current)) return { candidates: [], length: 0 };
  const all = await candidates(before, current, completable);
  // They are typed for the user: what could act on the terminal is none of them.
  const fitting = all.filter((one) => one.startsWith(current) && one !== current && printable(one) === one);
  return { candidates: fitting, length: current.length };
}

async function candidates(before: string[], current: string, completable: Completable): Promise<string[]> {
  const { client, catalog, commands } = completable;
  const [command, target, ...given] = before;
  if (command === undefined) return Array.from(commands.keys(), (name) => `${name} `);
  const options: RequestOptions = { timeoutMs: PATIENCE_MS };
  const kind = commands.get(command) ?? "nothing";
  if (target !== undefined) {
    if (command !== "call" && command !== "prompt") return [];
    return await argumentCandidates(command, target, given, current, client, catalog, options);
  }
  switch (kind) {
    case "tool":
      return spaced(await names(catalog, "tools", options), command);
    case "prompt":
      return spaced(await names(catalog, "prompts", options), command);
    case "resource":
      return [
        ...(await names(catalog, "resources", options)),
        ...(await templateCandidates(current, client, catalog, options)),
      ];
    case "level":
      return LEVELS;
    case "output":
      return OUTPUTS;
    case "command":
      return [...commands.keys()];
    case "nothing":
      return [];
  }
}

async function names(
  catalog: Catalog,
  list: "tools" | "prompts" | "resources",
  options: RequestOptions,
): Promise<string[]> {
  return (await catalog.items(list, options)).map(({ name }) => name).filter((name) => !/[\s"'\\]/.test(name));
}

/** Arguments may follow. */
function spaced(all: string[], command: string): string[] {
  return command === "call" || command === "prompt" ? all.map((name) => `${name} `) : all;
}

async function argumentCandidates(
  command: "call" | "prompt",
  target: string,
  given: string[],
  current: string,
  client: McpClient,
  catalog: Catalog,
  options: RequestOptions,
): Promise<string[]> {
  const item = await catalog.find(command === "call" ? "tools" : "prompts", target, options);
  if (item === undefined) return [];
  const { inputSchema } = item.value;
  const schema = command === "prompt" ? promptSchema(item.value) : isObject(inputSchema) ? inputSchema : {};
  const fields = argumentFields(schema);
  const known = Object.fromEntries(given.map((word) => /^(.*?):?=(.*)$/s.exec(word)?.slice(1) ?? [word, ""]));
  const [, name, value = ""] = /^([^=:]+)=(.*)$/s.exec(current) ?? [];
  if (name === undefined) {
    return fields.filter((field) => !Object.hasOwn(known, field.name)).map((field) => `${field.name}=`);
  }
  if (command === "prompt") {
    const values = await client.complete({ type: "ref/prompt", name: target }, { name, value }, known, options);
    return values.map((one) => `${name}=${quoted(one)}`);
  }
  const field = fields.find((one) => one.name === name);
  const choices = field?.choices.map((choice) => choice.value) ?? [];
  return (choices.length === 0 && field?.type === "true or false" ? ["true", "false"] : choices).map(
    (one) => `${name}=${quoted(one)}`,
  );
}

/** The text up to the next variable, and from there on what the server knows of it, with those before it. */
async function templateCandidates(
  current: string,
  client: McpClient,
  catalog: Catalog,
  options: RequestOptions,
): Promise<string[]> {
  const found: string[] = [];
  for (const { name: uri } of await catalog.items("resourceTemplates", options)) {
    const place = placeInTemplate(uri, current);
    if (place === undefined) continue;
    const { head, variable, value, given, tail, isPath } = place;
    if (variable === undefined) {
      found.push(head);
      continue;
    }
    const values = await client.complete({ type: "ref/resource", uri }, { name: variable, value }, given, options);
    found.push(...values.map((one) => `${head}${isPath ? encodeURI(one) : encodeURIComponent(one)}${tail}`));
  }
  return found;
}

function quoted(value: string): string {
  return /[\s"'\\]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value;
}
