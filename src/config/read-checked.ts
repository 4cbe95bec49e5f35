/**
 * `readChecked`: the text of a YAML file to what its schema makes of it, or everything that is wrong with it, each with its
 * place. Imports valibot and yaml: load this file only when there is a file to check.
 */
import * as v from "valibot";
import { closest } from "../closest.ts";
import { messageOf } from "../errors.ts";
import { type Located, locate } from "./locate.ts";
import { type ConfigProblem, describe } from "./problem.ts";

export type Steps = (string | number)[];

/** What only whoever uses the values can tell. `message` goes on from the place: "is missing". */
export interface FoundProblem {
  path: Steps;
  part?: "key" | "value";
  message: string;
  hint?: string | undefined;
}

/** Nobody reads more. */
const MOST_PROBLEMS = 50;

/**
 * Never throws for what the text contains.
 *
 * @param schema whose messages say what is allowed, as those of schema-parts.ts do
 * @param compile what is made of the values; what it finds wrong it reports
 */
export function readChecked<S extends v.GenericSchema, T>(
  file: string,
  text: string,
  schema: S,
  compile: (written: v.InferOutput<S>, report: (problem: FoundProblem) => void) => T,
): { value: T } | { problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const add = (problem: Omit<ConfigProblem, "file" | "severity">): void => {
    if (problems.length < MOST_PROBLEMS) problems.push({ severity: "error", file, ...problem });
  };
  const unreadable = (why: string, position = { line: 1, column: 1 }) => {
    const hint =
      "Check quotes, brackets and indentation around this place; * and ! at the beginning of a name need quotes.";
    add({ code: "CFG_001", ...position, message: `Not readable as YAML: ${why}`, hint });
    return { problems };
  };
  let located: Located;
  let written: unknown;
  try {
    located = locate(text.replace(/^\ufeff/, ""));
    if (located.syntaxError === undefined) written = located.value();
  } catch (error) {
    return unreadable(error instanceof RangeError ? "nested too deeply" : messageOf(error));
  }
  if (located.syntaxError !== undefined) {
    const { message, ...position } = located.syntaxError;
    return unreadable(message, position);
  }
  for (const { name, ...position } of located.duplicates) {
    add({ code: "CFG_001", ...position, message: `The key ${describe(name)} stands twice` });
  }
  for (const { message, ...position } of located.warnings) {
    add({ code: "CFG_001", ...position, message, hint: "A text that begins with ! needs quotes." });
  }
  const parsed = v.safeParse(schema, written ?? {}, { abortPipeEarly: true });
  for (const issue of parsed.issues ?? []) addIssue(issue);
  if (!parsed.success) return { problems: inOrder(problems) };
  const value = compile(parsed.output, ({ path, part = "value", message, hint }) => {
    const key = nameOf(path);
    add({
      code: "CFG_002",
      ...located.find(path, part),
      key,
      message: `${key} ${message}`,
      ...(hint !== undefined && { hint }),
    });
  });
  return problems.length > 0 ? { problems: inOrder(problems) } : { value };

  function addIssue(issue: v.BaseIssue<unknown>): void {
    const items = issue.path ?? [];
    const path = items.map(({ key }) => (typeof key === "number" ? key : String(key)));
    const [key, last] = [nameOf(path), path.at(-1)];
    if (issue.type === "strict_object" && issue.expected === "never") {
      const near = closest(String(last).slice(0, 64), issue.message.split(", "));
      const hint = near === undefined ? `Allowed: ${issue.message}.` : `Did you mean ${near}?`;
      const where = path.length > 1 ? ` in ${nameOf(path.slice(0, -1))}` : "";
      add({
        code: "CFG_003",
        ...located.find(path, "key"),
        key,
        message: `Unknown key ${describe(last)}${where}`,
        hint,
      });
      return;
    }
    const found = items.length === 0 ? written : items.at(-1)?.value;
    const isMissing = items.length > 0 && found === undefined;
    const message = isMissing ? `${key} is missing` : `${key === "" ? "The file" : key} cannot be ${describe(found)}`;
    add({ code: "CFG_002", ...located.find(path, "value"), key, message, hint: `Allowed: ${issue.message}.` });
  }
}

/** As they stand in the file. */
function inOrder(problems: ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** `auth.keys[2].name` */
function nameOf(path: Steps): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === "number") return `${name}[${step}]`;
    return name === "" ? step : `${name}.${step}`;
  }, "");
}
