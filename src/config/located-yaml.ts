/** `locatedYaml`: a YAML text as its values, with the places where they stand, or why it is none. */
import { messageOf } from "../errors.ts";
import { type Located, locate } from "./locate.ts";
import type { PlacedProblem } from "./issue-problem.ts";
import { describe } from "./problem.ts";

export interface LocatedYaml {
  located: Located;
  /** Undefined for an empty text. */
  written: unknown;
}

const UNREADABLE_HINT =
  "Check quotes, brackets and indentation around this place; * and ! at the beginning of a name need quotes.";

/** Never throws for what the text contains. */
export function locatedYaml(text: string): LocatedYaml | { problem: PlacedProblem } {
  let located: Located;
  try {
    located = locate(text.replace(/^\ufeff/, ""));
    if (located.syntaxError === undefined) return { located, written: located.value() };
  } catch (error) {
    return unreadable(error instanceof RangeError ? "nested too deeply" : messageOf(error), { line: 1, column: 1 });
  }
  const { message, ...position } = located.syntaxError;
  return unreadable(message, position);
}

/** What YAML takes and nobody means: keys that stand twice, and words that it holds for something else. */
export function doubtsOf({ duplicates, warnings }: Located): PlacedProblem[] {
  return [
    ...duplicates.map(({ name, ...position }): PlacedProblem => {
      return { code: "CFG_001", ...position, message: `The key ${describe(name)} stands twice` };
    }),
    ...warnings.map(({ message, ...position }): PlacedProblem => {
      return { code: "CFG_001", ...position, message, hint: "A text that begins with ! needs quotes." };
    }),
  ];
}

function unreadable(why: string, position: { line: number; column: number }): { problem: PlacedProblem } {
  const message = `Not readable as YAML: ${why}`;
  return { problem: { code: "CFG_001", ...position, message, hint: UNREADABLE_HINT } };
}
