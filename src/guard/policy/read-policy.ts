/** `readPolicy`: the text of a policy file to a compiled level, or everything that is wrong with it, each with its place. */
import * as v from "valibot";
import { closest } from "../../closest.ts";
import { type Located, locate } from "../../config/locate.ts";
import { type ConfigProblem, describe } from "../../config/problem.ts";
import { messageOf } from "../../errors.ts";
import { compileLevel } from "./compile.ts";
import type { CompiledLevel, PathBase } from "./compiled.ts";
import { POLICY } from "./schema.ts";

/** With warnings, the level may be used. */
export type ReadPolicy = { level: CompiledLevel; warnings: ConfigProblem[] } | { problems: ConfigProblem[] };

/** Nobody reads more. */
const MOST_PROBLEMS = 50;

type Steps = (string | number)[];

/** Never throws for what the text contains. */
export function readPolicy(text: string, place: Pick<CompiledLevel, "source" | "file">, base: PathBase): ReadPolicy {
  const problems: ConfigProblem[] = [];
  const add = (problem: Omit<ConfigProblem, "severity" | "file"> & Partial<ConfigProblem>): void => {
    if (problems.length < MOST_PROBLEMS) problems.push({ severity: "error", file: place.file, ...problem });
  };
  let located: Located;
  let written: unknown;
  try {
    located = locate(text.replace(/^\ufeff/, ""));
    if (located.syntaxError === undefined) written = located.value();
  } catch (error) {
    const why = error instanceof RangeError ? "nested too deeply" : messageOf(error);
    add({ code: "CFG_001", line: 1, column: 1, message: `Not readable as YAML: ${why}` });
    return { problems };
  }
  if (located.syntaxError !== undefined) {
    const { message, ...position } = located.syntaxError;
    const hint =
      "Check quotes, brackets and indentation around this place; * and ! at the beginning of a name need quotes.";
    add({ code: "CFG_001", ...position, message: `Not readable as YAML: ${message}`, hint });
    return { problems };
  }
  for (const { name, ...position } of located.duplicates) {
    add({ code: "CFG_001", ...position, message: `The key ${describe(name)} stands twice` });
  }
  for (const { message, ...position } of located.warnings) {
    add({ code: "CFG_001", ...position, message, hint: "A name that begins with ! needs quotes." });
  }
  const parsed = v.safeParse(POLICY, written ?? {}, { abortPipeEarly: true });
  for (const issue of parsed.issues ?? []) addIssue(issue);
  if (!parsed.success) return { problems: inOrder(problems) };
  const { level, problems: found } = compileLevel(parsed.output, place, base);
  for (const { severity, path, part, message, hint } of found) {
    const key = nameOf(path);
    add({
      severity,
      code: "CFG_002",
      ...located.find(path, part),
      key,
      message: `${key}: ${message}`,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  return problems.some(({ severity }) => severity === "error")
    ? { problems: inOrder(problems) }
    : { level, warnings: inOrder(problems) };

  function addIssue(issue: v.BaseIssue<unknown>): void {
    const items = issue.path ?? [];
    const path: Steps = items.map(({ key }) => (typeof key === "number" ? key : String(key)));
    const key = nameOf(path);
    if (issue.type === "strict_object" && issue.expected === "never") {
      const near = closest(String(path.at(-1)).slice(0, 64), issue.message.split(", "));
      const hint = near === undefined ? `Allowed: ${issue.message}.` : `Did you mean ${near}?`;
      const where = path.length > 1 ? ` in ${nameOf(path.slice(0, -1))}` : "";
      add({
        code: "CFG_003",
        ...located.find(path, "key"),
        key,
        message: `Unknown key ${describe(path.at(-1))}${where}`,
        hint,
      });
      return;
    }
    const isMissing = items.length > 0 && items.at(-1)?.value === undefined;
    const message = isMissing
      ? `${key} is missing`
      : `${key === "" ? "A policy" : key} cannot be ${describe(items.length === 0 ? written : items.at(-1)?.value)}`;
    const hint = isMissing && issue.type === "strict_object" ? undefined : `Allowed: ${issue.message}.`;
    add({ code: "CFG_002", ...located.find(path, "value"), key, message, ...(hint === undefined ? {} : { hint }) });
  }
}

/** As they stand in the file. */
function inOrder(problems: ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** `rules[2].arguments.path`; a rule's own places are shown as they are written. */
function nameOf(path: Steps): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === "number") return `${name}[${step}]`;
    return name === "" ? step : `${name}.${step}`;
  }, "");
}
