/** `lineSearch`: which lines of texts have what is looked for. */
import { KmError } from "../../../errors.ts";
import { linearPattern } from "../patterns/linear-pattern.ts";

/** @returns where in a line it ends that is found first, or -1 */
export type LineSearch = (line: string) => number;

/** What is behind that in a line is not looked at. */
const LONGEST_LINE = 50_000;

/** @throws KmError SVC_001 for an expression that cannot be used */
export function lineSearch(
  text: string,
  { isRegex, ignoreCase }: { isRegex: boolean; ignoreCase: boolean },
): LineSearch {
  if (!isRegex) {
    const wanted = ignoreCase ? text.toLowerCase() : text;
    return (line) => {
      const at = (ignoreCase ? line.toLowerCase() : line).indexOf(wanted);
      return at < 0 ? -1 : at + wanted.length;
    };
  }
  const made = linearPattern(text, { ignoreCase });
  if ("pattern" in made) return (line) => made.pattern.find(line.slice(0, LONGEST_LINE));
  throw new KmError("SVC_001", `Argument text is no expression that can be used: ${made.problem}`, {
    hint: "Without regex it is looked for as it stands.",
  });
}

/** Around what was found, where a line is long. */
export function excerpt(line: string, end: number, most: number): string {
  if (line.length <= most) return line;
  const from = Math.max(0, Math.min(end - most / 2, line.length - most));
  return `${from > 0 ? "..." : ""}${line.slice(from, from + most).toWellFormed()}${from + most < line.length ? "..." : ""}`;
}
