/** `callTool` and `getPrompt`: lines that name a tool or a prompt with its arguments; what is missing is asked for. */
import { KmError } from "../errors.ts";
import { echoed } from "../echoed.ts";
import { isObject, type JsonObject } from "../wire/jsonrpc.ts";
import { argumentFields } from "./argument-fields.ts";
import { askForm } from "./ask-form.ts";
import { checkArguments, checkNames } from "./check-arguments.ts";
import { listed } from "./listed.ts";
import { promptSchema } from "./offer-text.ts";
import { partsOfCall, partsOfPrompt } from "./result-parts.ts";
import { showResult } from "./show-result.ts";
import type { Word } from "./split-words.ts";
import type { Talk } from "./talk.ts";
import { membersOf, objectText, typedArguments } from "./typed-arguments.ts";
import { unknownName } from "./unknown-name.ts";

export async function callTool(talk: Talk, [tool, ...given]: Word[], line: string): Promise<void> {
  if (tool === undefined) throw new KmError("USAGE", "No tool is named", { hint: "tools lists them." });
  const { connected } = talk.options;
  const tools = await listed(talk, "tools");
  const definition = tools.find(({ name }) => name === tool.text);
  if (definition === undefined) throw unknownName("tool", tool.text, tools);
  const { inputSchema } = definition.value;
  const input = await inputOf(talk, given, line, isObject(inputSchema) ? inputSchema : {});
  if (input === undefined) return;
  const { value, text } = await talk.request(
    (options) => connected.client.call(tool.text, input, options, definition.value),
    `Cannot call ${echoed(tool.text)}`,
  );
  if (value["isError"] === true) {
    talk.fail();
    talk.note("The tool says that it failed:");
  }
  await showResult(talk, () => partsOfCall(value, text), text);
}

export async function getPrompt(talk: Talk, [prompt, ...given]: Word[], line: string): Promise<void> {
  if (prompt === undefined) throw new KmError("USAGE", "No prompt is named", { hint: "prompts lists them." });
  const { connected } = talk.options;
  const prompts = await listed(talk, "prompts");
  const definition = prompts.find(({ name }) => name === prompt.text);
  if (definition === undefined) throw unknownName("prompt", prompt.text, prompts);
  const input = await inputOf(talk, given, line, promptSchema(definition.value));
  if (input === undefined) return;
  const { value, text } = await talk.request(
    (options) => connected.client.prompt(prompt.text, input, options),
    `Cannot get ${echoed(prompt.text)}`,
  );
  await showResult(talk, () => partsOfPrompt(value), text);
}

/** @returns the text of an object; undefined where the form was left */
async function inputOf(talk: Talk, given: Word[], line: string, schema: JsonObject): Promise<string | undefined> {
  const [first] = given;
  // Quotes inside belong to the JSON.
  const json = first?.text.startsWith("{") ? line.slice(first.start) : undefined;
  const words = json === undefined ? given.map(({ text }) => text) : [];
  const typed = typedArguments({ words, json }, schema);
  checkNames(
    words.filter((word) => !/^[^=]*?:=/s.test(word)).map((word) => word.replace(/=.*$/s, "")),
    schema,
  );
  const known = membersOf(typed);
  const fields = argumentFields(schema);
  const isIncomplete = fields.some(({ name, isRequired }) => isRequired && !known.has(name));
  const isBare = given.length === 0 && fields.length > 0;
  if (json !== undefined || !talk.options.input.isTerminal || !(isIncomplete || isBare)) {
    checkArguments(typed, schema);
    return typed;
  }
  // Who gave some of the arguments knows of the others.
  const asked = isBare ? schema : { ...schema, properties: requiredOf(schema) };
  const values = await askForm(asked, talk.asker, known);
  if (values === undefined) {
    talk.note("Nothing was sent");
    return undefined;
  }
  const input = objectText(values);
  checkArguments(input, schema);
  return input;
}

function requiredOf({ properties, required }: JsonObject): JsonObject {
  const needed: unknown[] = Array.isArray(required) ? required : [];
  return Object.fromEntries(
    Object.entries(isObject(properties) ? properties : {}).filter(([name]) => needed.includes(name)),
  );
}
