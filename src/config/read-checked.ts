/**
 * `readChecked`: the text of a YAML file to what its schema makes of it, or everything that is wrong with it, each with its
 * place. Imports valibot and yaml: load this file only when there is a file to check.
 */
import * as v from "valibot";
import { inOrder, issueProblem, type PlacedProblem, placeName, type Steps } from "./issue-problem.ts";
import { doubtsOf, locatedYaml } from "./located-yaml.ts";
import type { ConfigProblem } from "./problem.ts";

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
  const add = (problem: PlacedProblem): void => {
    if (problems.length < MOST_PROBLEMS) problems.push({ severity: "error", file, ...problem });
  };
  const read = locatedYaml(text);
  if ("problem" in read) {
    add(read.problem);
    return { problems };
  }
  const { located, written } = read;
  for (const doubt of doubtsOf(located)) add(doubt);
  const parsed = v.safeParse(schema, written ?? {}, { abortPipeEarly: true });
  for (const issue of parsed.issues ?? []) add(issueProblem(issue, read));
  if (!parsed.success) return { problems: inOrder(problems) };
  const value = compile(parsed.output, ({ path, part = "value", message, hint }) => {
    const key = placeName(path);
    add({
      code: "CFG_002",
      ...located.find(path, part),
      key,
      message: `${key} ${message}`,
      ...(hint !== undefined && { hint }),
    });
  });
  return problems.length > 0 ? { problems: inOrder(problems) } : { value };
}
