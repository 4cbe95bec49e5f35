/** `readPolicy`: the text of a policy file to a compiled level, or everything that is wrong with it, each with its place. */
import * as v from "valibot";
import { inOrder, issueProblem, type PlacedProblem, placeName } from "../../config/issue-problem.ts";
import { doubtsOf, locatedYaml } from "../../config/located-yaml.ts";
import type { ConfigProblem } from "../../config/problem.ts";
import { compileLevel } from "./compile.ts";
import type { CompiledLevel, PathBase } from "./compiled.ts";
import { POLICY } from "./schema.ts";

/** With warnings, the level may be used. */
export type ReadPolicy = { level: CompiledLevel; warnings: ConfigProblem[] } | { problems: ConfigProblem[] };

/** Nobody reads more. */
const MOST_PROBLEMS = 50;

/** Never throws for what the text contains. */
export function readPolicy(text: string, place: Pick<CompiledLevel, "source" | "file">, base: PathBase): ReadPolicy {
  const problems: ConfigProblem[] = [];
  const add = (problem: PlacedProblem, severity: ConfigProblem["severity"] = "error"): void => {
    if (problems.length < MOST_PROBLEMS) problems.push({ severity, file: place.file, ...problem });
  };
  const read = locatedYaml(text);
  if ("problem" in read) {
    add(read.problem);
    return { problems };
  }
  const { located, written } = read;
  for (const doubt of doubtsOf(located)) add(doubt);
  const parsed = v.safeParse(POLICY, written ?? {}, { abortPipeEarly: true });
  for (const issue of parsed.issues ?? []) add(issueProblem(issue, { ...read, whole: "A policy" }));
  if (!parsed.success) return { problems: inOrder(problems) };
  const { level, problems: found } = compileLevel(parsed.output, place, base);
  for (const { severity, path, part, message, hint } of found) {
    const key = placeName(path);
    const position = located.find(path, part);
    add(
      { code: "CFG_002", ...position, key, message: `${key}: ${message}`, ...(hint !== undefined && { hint }) },
      severity,
    );
  }
  return problems.some(({ severity }) => severity === "error")
    ? { problems: inOrder(problems) }
    : { level, warnings: inOrder(problems) };
}
