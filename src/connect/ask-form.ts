/** `askForm`: asks for the values of a schema, one after the other, each checked before the next. */
import { KmError } from "../errors.ts";
import type { JsonObject } from "../wire/jsonrpc.ts";
import { printable } from "../terminal.ts";
import { type ArgumentField, argumentFields, asTyped } from "./argument-fields.ts";
import type { Asker } from "./asker.ts";
import { misfit } from "./check-arguments.ts";
import { typedValue } from "./typed-arguments.ts";

/**
 * Enter takes the default, and leaves out what may be left out.
 *
 * @param known texts of values that are there already
 * @returns texts of values by their names; undefined where nobody answers
 */
export async function askForm(
  schema: JsonObject,
  asker: Asker,
  known: ReadonlyMap<string, string> = new Map(),
  signal?: AbortSignal,
): Promise<Map<string, string> | undefined> {
  const values = new Map(known);
  for (const field of argumentFields(schema)) {
    if (known.has(field.name)) continue;
    const answered = await askField(field, schema, asker, signal);
    if (answered === undefined) return undefined;
    if (answered !== LEFT_OUT) values.set(field.name, answered);
  }
  return values;
}

const LEFT_OUT = "";

/** @returns the text of its value, LEFT_OUT for none, undefined where nobody answers */
async function askField(
  field: ArgumentField,
  schema: JsonObject,
  asker: Asker,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { name, type, description, choices, isRequired, isList } = field;
  if (description !== "") asker.tell(`  ${printable(description)}`);
  for (const [index, { value, title }] of choices.entries()) {
    asker.tell(`  ${index + 1}) ${printable(value)}${title === undefined ? "" : `  ${printable(title)}`}`);
  }
  const kind = choices.length === 0 ? type : isList ? "any of these, with commas" : "one of these";
  const given = field.default === undefined ? "" : `, Enter for ${printable(defaultText(field.default))}`;
  const skip = given === "" && !isRequired ? ", Enter to leave it out" : "";
  for (;;) {
    const question = `  ${printable(name)} (${kind}${given}${skip}): `;
    const answer = await asker.ask(question, { choices: choices.map(({ value }) => value), signal });
    if (answer === undefined) return undefined;
    if (answer === "" && field.default !== undefined) return JSON.stringify(field.default);
    if (answer === "" && !isRequired) return LEFT_OUT;
    if (answer === "") {
      asker.tell('  It is required; "" is an empty text');
      continue;
    }
    const read = readAnswer(chosen(answer, field), field, schema);
    if ("text" in read) return read.text;
    asker.tell(`  ${printable(read.wrong)}`);
  }
}

/** A list as it can be typed, where that needs no brackets. */
function defaultText(value: unknown): string {
  const isPlain = Array.isArray(value) && value.length > 0 && value.every((one) => /^[^[\],]+$/.test(asTyped(one)));
  return isPlain ? value.map(asTyped).join(",") : asTyped(value);
}

/** Of choices the number too. */
function chosen(answer: string, { choices, isList }: ArgumentField): string {
  if (choices.length === 0) return answer;
  const one = (word: string): string => {
    const typed = word.trim();
    if (choices.some(({ value }) => value === typed)) return typed;
    const byTitle = choices.find(({ title }) => title?.toLowerCase() === typed.toLowerCase());
    return byTitle?.value ?? (/^[1-9]\d*$/.test(typed) ? choices[Number(typed) - 1]?.value : undefined) ?? typed;
  };
  return isList && !answer.trim().startsWith("[") ? answer.split(",").map(one).join(",") : one(answer);
}

function readAnswer(answer: string, { name, schema: own }: ArgumentField, schema: JsonObject): Read {
  try {
    const text = typedValue(name, answer === '""' ? "" : answer, schema);
    const { $defs, definitions } = schema;
    const wrong = misfit(text, {
      ...($defs === undefined ? {} : { $defs }),
      ...(definitions === undefined ? {} : { definitions }),
      ...own,
    });
    return wrong === undefined ? { text } : { wrong };
  } catch (error) {
    if (error instanceof KmError) return { wrong: error.message };
    throw error;
  }
}

type Read = { text: string } | { wrong: string };
