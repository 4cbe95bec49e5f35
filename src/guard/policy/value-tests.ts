/** What a rule may ask of a value in the arguments, made into functions once. */
import type { Scalar, ValueTest } from "./compiled.ts";
import { hostTest, privateTest } from "./host-test.ts";
import { type JsonNode, scalarOf, stringOf } from "./json-tree.ts";
import { all, type Met, not, type Unclear } from "./met.ts";
import { shown } from "./name-matcher.ts";
import { folderTest } from "./path-test.ts";
import { seenPart } from "./unseen.ts";

/** @param node of the JSON text `text`; never a list, except where a test takes it whole */
export type TestOfNode = (text: string, node: JsonNode) => Met;

export function nodeTest(tests: ValueTest[]): TestOfNode {
  const made = tests.map(oneTest);
  const [only] = made;
  if (made.length === 1 && only !== undefined) return only;
  return (text, node) => all(made.map((test) => test(text, node)));
}

/** Whether a list is looked at as it is, in place of each of its items. */
export function takesLists(tests: ValueTest[]): boolean {
  return tests.some((test) => test.test === "longer than" || (test.test === "not" && takesLists(test.tests)));
}

/** Expressions may take time by the square of the length. */
const LONGEST_MATCHED = 32 << 10;

function oneTest(test: ValueTest): TestOfNode {
  switch (test.test) {
    case "present":
      return () => test.present;
    case "one of":
      return scalarTest((value) => isOneOf(value, test.values));
    case "matches":
      return scalarTest(patternTest(test.pattern));
    case "inside":
    case "outside":
      return textTest(folderTest(test), "path");
    case "host":
      return textTest(hostTest(test), "host");
    case "private address":
      return textTest(privateTest(test.isPrivate), "host");
    case "above":
      return scalarTest((value) => compare(value, (number) => number > test.bound));
    case "below":
      return scalarTest((value) => compare(value, (number) => number < test.bound));
    case "longer than":
      return (text, node) => (stringOf(text, node)?.length ?? node.end - node.start) > test.length;
    case "not": {
      const inner = nodeTest(test.tests);
      return (text, node) => not(inner(text, node));
    }
  }
}

function scalarTest(test: (value: Scalar) => Met): TestOfNode {
  return (text, node) => {
    if (node.kind === "object" || node.kind === "array") return { unclear: "there is a mapping in place of a value" };
    return test(scalarOf(text, node));
  };
}

function textTest(test: (value: string) => Met, what: string): TestOfNode {
  return scalarTest((value) => {
    if (typeof value === "string") return test(value);
    return typeof value === "number" ? { unclear: `the ${what} is a number` } : false;
  });
}

/** Many servers take `"5"` for 5 and `"true"` for true, and some do not. */
function isOneOf(value: Scalar, values: Scalar[]): Met {
  if (values.includes(value)) return true;
  const near = values.some((one) => typeof one !== typeof value && String(one) === String(value));
  return near ? { unclear: `${shown(String(value))} is written as a ${typeof value}` } : false;
}

function patternTest(source: string): (value: Scalar) => Met {
  let pattern: RegExp | undefined;
  let broken: Unclear | undefined;
  try {
    pattern = new RegExp(source);
  } catch {
    broken = { unclear: "its regular expression cannot be used" };
  }
  return (value) => {
    if (pattern === undefined) return broken ?? false;
    const text = String(value);
    if (text.length > LONGEST_MATCHED) return { unclear: `a text is longer than ${LONGEST_MATCHED} characters` };
    if (pattern.test(text)) return true;
    const seen = seenPart(text);
    return seen !== undefined && pattern.test(seen.text)
      ? { unclear: "a text has characters that nobody sees" }
      : false;
  };
}

function compare(value: Scalar, fits: (number: number) => boolean): Met {
  if (value === null) return false;
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  if (typeof value === "boolean" || Number.isNaN(number)) return { unclear: `${shown(String(value))} is no number` };
  return fits(number);
}
