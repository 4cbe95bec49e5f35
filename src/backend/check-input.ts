/** Checks what comes with a request by the schemas of its endpoint, and says what is wrong with it. */
import * as v from "valibot";
import type { Fault } from "../api/contract/problem.ts";
import { type Problem, problem } from "./problem.ts";

export type Checked = { kind: "checked"; value: unknown } | Problem;

/** Beyond these, more say nothing new. */
const MAX_FAULTS = 20;

export function checkBody(schema: v.GenericSchema, value: unknown): Checked {
  const detail = "The body is not as it should be";
  // An array is an object to valibot, and has every member that an object does not need.
  if ("entries" in schema && Array.isArray(value)) {
    return problem("invalid_request", detail, { errors: [{ detail: "Expected Object", pointer: "#" }] });
  }
  return check(schema, value, detail, (issue) => ({ pointer: pointerOf(issue) }));
}

/** Of the query or the path: members are named, and only texts. */
export function checkParameters(
  schema: v.GenericSchema,
  value: Record<string, string>,
  what: "query" | "path",
): Checked {
  return check(schema, value, `The ${what} is not as it should be`, (issue) => ({
    parameter: cut(v.getDotPath(issue) ?? ""),
  }));
}

/**
 * Members of a query or a form. Twice the same is refused, because others may read the other one; what is not UTF-8 too,
 * because all of it would become one and the same character.
 *
 * @param text `name=value&...`, escaped
 */
export function readPairs(text: string): Record<string, string> | Problem {
  if (!isEscaped(text)) return problem("invalid_request", "The escapes of the parameters are not UTF-8");
  const members: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(members, name)) return problem("invalid_request", "A parameter stands there twice");
    if (value.includes("\0")) return problem("invalid_request", "A parameter has a NUL"); // PostgreSQL has none in texts
    Object.defineProperty(members, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return members;
}

function isEscaped(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function check(
  schema: v.GenericSchema,
  value: unknown,
  detail: string,
  where: (issue: v.BaseIssue<unknown>) => Omit<Fault, "detail">,
): Checked {
  const result = v.safeParse(schema, value);
  if (result.success) return { kind: "checked", value: result.output };
  const errors = result.issues.slice(0, MAX_FAULTS).map((issue) => ({ detail: describe(issue), ...where(issue) }));
  return problem("invalid_request", detail, { errors });
}

/** Without what was received, which valibot's own messages repeat, and the contract's do not: it may be a password. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === "never") return "Not known here";
  if (issue.received === "undefined") return "Missing";
  if (!issue.message.startsWith("Invalid ")) return issue.message;
  const most = /^(min|max)_(length|value)$/.exec(issue.type);
  if (most !== null) return `Expected at ${most[1] === "min" ? "least" : "most"} ${amount(issue)}`;
  return issue.expected === null ? "Not allowed" : `Expected ${issue.expected}`;
}

function amount({ input, requirement }: v.BaseIssue<unknown>): string {
  const unit = typeof input === "string" ? " character" : Array.isArray(input) ? " item" : "";
  return `${String(requirement)}${unit}${unit === "" || requirement === 1 ? "" : "s"}`;
}

/** RFC 6901, as a URI fragment. */
function pointerOf(issue: v.BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map((item) => String(item.key).replaceAll("~", "~0").replaceAll("/", "~1"));
  return `#${keys.map((key) => `/${encodeURIComponent(cut(key))}`).join("")}`;
}

/** A name that the caller made up may be of any length. Well-formed after it is cut, since a pair may be cut in two. */
function cut(name: string): string {
  return name.slice(0, 200).toWellFormed();
}
