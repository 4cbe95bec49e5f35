/** What is said on stderr beside a list of servers: `sayProblems` with the file, `tagsInWords` where none has them. */
import { type ConfigProblem, formatProblem } from "../../config/problem.ts";
import { printable } from "../../terminal.ts";
import { say } from "../say.ts";

export function sayProblems(problems: ConfigProblem[]): void {
  for (const problem of problems) {
    say(printable(formatProblem(problem)));
    if (problem.hint !== undefined) say(`    ${printable(problem.hint)}`);
  }
}

/** Behind "No server has". */
export function tagsInWords(tags: string[]): string {
  const names = printable(tags.join(", "));
  return tags.length === 1 ? `the tag ${names}` : `all of the tags ${names}`;
}
