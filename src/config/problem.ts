/** `ConfigProblem`: what is wrong with a configuration value, and where it stands. */
import { type ErrorCode, KmError } from "../errors.ts";

export interface ConfigProblem {
  code: Extract<ErrorCode, `CFG_${string}`>;
  /** A `warning` is about something ignored for safety; it stops no command. */
  severity: "error" | "warning";
  /** The file, or the environment variable or flag where the value came from no file. */
  file: string;
  /** From 1; absent for environment variables and flags. */
  line?: number;
  column?: number;
  key?: string;
  message: string;
  hint?: string;
}

/** One line: `file:line:column: message`. */
export function formatProblem(problem: ConfigProblem): string {
  const position = problem.line === undefined ? "" : `:${problem.line}:${problem.column ?? 1}`;
  return `${problem.file}${position}: ${problem.severity === "warning" ? "warning: " : ""}${problem.message}`;
}

/** The first error among the problems as what a command throws; undefined where there are only warnings. */
export function errorFrom(problems: ConfigProblem[]): KmError | undefined {
  const errors = problems.filter((problem) => problem.severity === "error");
  const [first] = errors;
  if (first === undefined) return undefined;
  const others = errors.length - 1;
  const more = others === 0 ? undefined : `${others} more: see km config validate.`;
  const hint = [first.hint, more].filter((part) => part !== undefined).join(" ");
  return new KmError(first.code, formatProblem(first), hint === "" ? {} : { hint });
}

/** A value as a message shows it: short, on one line, and without anything that a terminal would obey. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  if (typeof value !== "string") return String(value);
  const short = value.length > 60 ? `${value.slice(0, 60)}...` : value;
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
