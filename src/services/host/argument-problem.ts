/** `argumentProblem`: what is wrong with the arguments of a call, for the model that made it: which one, and what is allowed. */
import type * as v from "valibot";
import { closest } from "../../closest.ts";
import { describe } from "../../config/problem.ts";
import { isMapping } from "../../is-mapping.ts";

/**
 * One sentence or two.
 *
 * @param known the names of all arguments, for a hint
 * @param properties their JSON Schemas, by name
 */
export function argumentProblem(
  issues: readonly v.BaseIssue<unknown>[],
  known: readonly string[],
  properties: Record<string, unknown> = {},
): string {
  // A name that is wrong says more than that the right one is missing.
  const issue = issues.find(({ expected }) => expected === "never") ?? issues[0];
  if (issue === undefined) return "The arguments cannot be used.";
  const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
  const last = issue.path?.at(-1);
  if (issue.expected === "never") {
    const name = String(last?.key);
    const names = (issue.path?.length ?? 0) > 1 ? namesIn(issue) : known;
    const near = closest(name, [...names]);
    const hint = near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${near}?`;
    return `There is no argument ${describe(path)}.${names.length === 0 ? "" : ` ${hint}`}`;
  }
  if (path === "") return "The arguments must be an object.";
  const words = allowedBy(issue) || published(properties[path]);
  const isMissing = last?.value === undefined && isMapping(last?.input) && !Object.hasOwn(last.input, String(last.key));
  return isMissing
    ? `Argument ${path} is missing.${words}`
    : `Argument ${path} cannot be ${describe(last?.value)}.${words}`;
}

/** What the list of tools says of an argument. */
function published(schema: unknown): string {
  if (!isMapping(schema)) return "";
  const { type, enum: words, description } = schema;
  if (Array.isArray(words)) return ` Allowed: ${words.join(", ")}.`;
  const kind = typeof type === "string" ? KINDS[type] : undefined;
  const meaning = typeof description === "string" ? description : undefined;
  if (kind === undefined) return meaning === undefined ? "" : ` It is: ${meaning}.`;
  return ` Allowed: ${kind}${meaning === undefined ? "" : ` (${meaning})`}.`;
}

const KINDS: Record<string, string> = {
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true, false",
  array: "a list",
  object: "a mapping",
};

/** Where the schema was made with `mapping` of schema-parts.ts, its message is the list of them. */
function namesIn(issue: v.BaseIssue<unknown>): string[] {
  return issue.message.startsWith("Invalid ") ? [] : issue.message.split(", ");
}

/** valibot's own messages are for developers. */
function allowedBy({ message, expected, path }: v.BaseIssue<unknown>): string {
  const allowed = message.startsWith("Invalid ") ? expected : message;
  // Of a key that is missing it tells the key.
  const isKey = allowed === JSON.stringify(path?.at(-1)?.key);
  return allowed === null || isKey ? "" : ` Allowed: ${allowed}.`;
}
