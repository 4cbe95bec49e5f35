/** The error for a filter that cannot be understood: it shows the expression with a caret under the place. */
import { KmError } from "../errors.ts";

/** @param at index of the offending character in `expression` */
export function filterError(expression: string, at: number, problem: string, hint: string): KmError {
  const shown = withoutControls(expression);
  const indent = " ".repeat(Bun.stringWidth(shown.slice(0, at)));
  return new KmError("FLT_001", `Cannot understand filter: ${withoutControls(problem)}\n    ${shown}\n    ${indent}^`, {
    hint: withoutControls(hint),
  });
}

/** Each control character becomes one space, so that columns stay where they are. */
function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}
