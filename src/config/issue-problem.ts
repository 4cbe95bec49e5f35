/** `issueProblem`: what a schema found in a file, as a problem with its place and what is allowed there. */
import type { BaseIssue } from "valibot";
import { closest } from "../closest.ts";
import type { Located } from "./locate.ts";
import { type ConfigProblem, describe } from "./problem.ts";

/** From the whole of a file to a value in it. */
export type Steps = readonly (string | number)[];

/** Whoever reads the file says which one it is. */
export type PlacedProblem = Omit<ConfigProblem, "file" | "severity">;

export interface Checked {
  located: Located;
  /** What the schema was given. */
  written: unknown;
  /** Where that stands; unless given it is the file. */
  base?: Steps;
  /** What the file is called where it is wrong as a whole. */
  whole?: string;
}

/** @param issue of a schema whose messages say what is allowed, as those of schema-parts.ts do */
export function issueProblem(
  issue: BaseIssue<unknown>,
  { located, written, base = [], whole = "The file" }: Checked,
): PlacedProblem {
  const items = issue.path ?? [];
  const path = [...base, ...items.map(({ key }) => (typeof key === "number" ? key : String(key)))];
  const [key, last] = [placeName(path), path.at(-1)];
  if (issue.type === "strict_object" && issue.expected === "never") {
    const near = closest(String(last).slice(0, 64), issue.message.split(", "));
    const hint = near === undefined ? `Allowed: ${issue.message}.` : `Did you mean ${near}?`;
    const where = path.length > 1 ? ` in ${placeName(path.slice(0, -1))}` : "";
    const message = `Unknown key ${describe(last)}${where}`;
    return { code: "CFG_003", ...located.find(path, "key"), key, message, hint };
  }
  const place = { code: "CFG_002", ...located.find(path, "value"), key } as const;
  const found = items.length === 0 ? written : items.at(-1)?.value;
  if (items.length === 0 || found !== undefined) {
    const message = `${key === "" ? whole : key} cannot be ${describe(found)}`;
    return { ...place, message, hint: `Allowed: ${issue.message}.` };
  }
  // Of a mapping in which something is missing, the message says what its keys are.
  const hint = issue.type === "strict_object" ? {} : { hint: `Allowed: ${issue.message}.` };
  return { ...place, message: `${key} is missing`, ...hint };
}

/** `servers.files.args[1]` */
export function placeName(path: Steps): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === "number") return `${name}[${step}]`;
    const shown = /^[^\s"'\p{C}]+$/u.test(step) ? step : describe(step);
    return name === "" ? shown : `${name}.${shown}`;
  }, "");
}

/** As they stand in the file. */
export function inOrder<T extends Pick<ConfigProblem, "line" | "column">>(problems: readonly T[]): T[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
