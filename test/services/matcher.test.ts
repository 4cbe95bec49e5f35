/** Conditions on labels: read, written, met. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Matcher, matcherText, meets, parseMatcher } from "../../src/services/matcher.ts";

describe("parseMatcher", () => {
  test.each([
    ['a="b"', { name: "a", operator: "=", value: "b" }],
    [' a != "" ', { name: "a", operator: "!=", value: "" }],
    ['a=~"x|y"', { name: "a", operator: "=~", value: "x|y" }],
    ["a!~b.*", { name: "a", operator: "!~", value: "b.*" }],
    [String.raw`a="q\"u\\o\nte"`, { name: "a", operator: "=", value: 'q"u\\o\nte' }],
    ["a=", { name: "a", operator: "=", value: "" }],
  ] as [string, Matcher][])("%s", (text, matcher) => {
    expect(parseMatcher(text)).toEqual(matcher);
  });

  test.each(["", "a", "=b", 'a="b', 'a="b"c', "1a=b", 'a=="b"', 'a="b",c="d"', "a={}"])("%j is none", (text) => {
    expect(parseMatcher(text)).toBeUndefined();
  });

  test("what is written is read as it was", () => {
    fc.assert(
      fc.property(fc.constantFrom("=", "!=", "=~", "!~"), fc.string({ unit: "binary" }), (operator, value) => {
        const matcher = { name: "label", operator, value };
        expect(parseMatcher(matcherText(matcher))).toEqual(matcher);
      }),
    );
  });
});

test.each([
  ['a="x"', true],
  ['a="y"', false],
  ['b=""', true],
  ['b!=""', false],
  ['a=~"x|y"', true],
  ['a=~"(?i)X"', true],
  ['long=~"par"', false],
  ['a!~"z"', true],
  ['a=~"("', undefined],
] as const)("%s on {a: x, long: parts} is %p", (text, isMet) => {
  const matcher = parseMatcher(text);
  expect(matcher && meets({ a: "x", long: "parts" }, matcher)).toBe(isMet);
});
