/** `checkPattern`: whether a regular expression of a policy may be used, and whether it should be. */
import { describe } from "../../config/problem.ts";
import type { CompileProblem, Report } from "./compile-problem.ts";
import { slowPattern } from "./slow-pattern.ts";

export function checkPattern(source: string, path: CompileProblem["path"], mayBeEmpty: boolean, report: Report): void {
  const problem = patternProblem(source, mayBeEmpty);
  if (problem !== undefined) return report(path, `${describe(source)} cannot be used`, `Allowed: ${problem}.`);
  const slow = slowPattern(source);
  if (slow === undefined) return;
  const hint = "Begin it with ^, \\b or something that does not repeat, and write {1,50} in place of + and *.";
  report(path, `${describe(source)} may take long for some texts: ${slow}`, hint, "value", "warning");
}

/** Undefined where it may be used. What repeats something that repeats may take years for a short text. */
function patternProblem(source: string, mayBeEmpty: boolean): string | undefined {
  try {
    const matchesNothing = new RegExp(source).test("");
    if (matchesNothing && !mayBeEmpty) return "a regular expression that does not match the empty text";
  } catch {
    return "a regular expression";
  }
  if (/(?<!\\)(?:\\\\)*\\(?:[1-9]|k<)/.test(source))
    return "a regular expression without references to what it has matched";
  return repeatsRepetition(source)
    ? "a regular expression that repeats nothing which itself repeats, as (a+)+ does"
    : undefined;
}

function repeatsRepetition(source: string): boolean {
  const plain = source.replace(/\\./gs, "a").replace(/\[[^\]]*\]/g, "a");
  /** Of each open group, whether something before it repeats; `wild` is whether something in the innermost does. */
  const open: boolean[] = [];
  let wild = false;
  for (let at = 0; at < plain.length; at++) {
    const char = plain[at];
    if (char === "(") {
      open.push(wild);
      wild = false;
      if (plain[at + 1] === "?") at++;
    } else if (char === ")") {
      const inner: boolean = wild;
      const repeats = /^(?:[*+]|\{\d+,\d*\})/.test(plain.slice(at + 1));
      if (inner && repeats) return true;
      wild = (open.pop() ?? false) || inner;
    } else if (char === "*" || char === "+" || (char === "{" && /^\{\d+,\d*\}/.test(plain.slice(at)))) wild = true;
  }
  return false;
}
