import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { globPattern } from "../../../src/services/filesystem/patterns/glob-pattern.ts";
import { linearPattern, type MadePattern } from "../../../src/services/filesystem/patterns/linear-pattern.ts";

function finds(made: MadePattern, text: string): boolean {
  if ("problem" in made) throw new Error(made.problem);
  return made.pattern.find(text) >= 0;
}

/** Of expressions whose meaning is the same in both. */
const expression = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      "a",
      "b",
      "B",
      ".",
      "[ab]",
      "[^a]",
      "[a-c\\d]",
      "\\w",
      "\\W",
      "\\s",
      "\\b",
      "\\B",
      "^",
      "$",
      "\\.",
      "é",
      "😀",
      "x{0}",
    ),
    fc.tuple(tie("any"), tie("any")).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie("any"), tie("any")).map(([a, b]) => `(?:${a}|${b})`),
    fc.tuple(tie("any"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?")).map(([a, q]) => `(?:${a})${q}`),
  ),
})).any;
const subject = fc.string({ unit: fc.constantFrom("a", "b", "B", "c", ".", " ", "1", "_", "é", "😀"), maxLength: 12 });

describe("a linear pattern", () => {
  test("finds what RegExp finds", () => {
    fc.assert(
      fc.property(expression, subject, fc.boolean(), (source, text, ignoreCase) => {
        const regex = new RegExp(source, ignoreCase ? "iu" : "u");
        expect([source, text, finds(linearPattern(source, { ignoreCase }), text)]).toEqual([
          source,
          text,
          regex.test(text),
        ]);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["(a*)*b", "a".repeat(100_000)],
    ["(a|a)*(a|aa)+$x", "a".repeat(100_000)],
    ["(.*a){20}b", "a".repeat(100_000)],
    ["a{0,50}".repeat(20), "b".repeat(10_000)],
  ])("%p takes time in proportion to the text", (source, text) => {
    // Backtracking would take longer than the world has been there.
    expect(finds(linearPattern(source, { ignoreCase: false }), text)).toBe(source.startsWith("a{0"));
  });

  test.each([
    ["(", "a ( has no ) behind it"],
    [")", "a ) has no ( before it"],
    ["*", "there is nothing to repeat"],
    ["[a", "it ends too early"],
    ["[b-a]", "the range b-a is out of order"],
    ["(?=a)", "it looks ahead or behind, or has flags, which is not possible here"],
    ["(?<!a)", "it looks ahead or behind, or has flags, which is not possible here"],
    ["(a)\\1", "it refers back to a group, which is not possible here"],
    ["a{1001}", "{1001} repeats more than 1000 times"],
    ["((a{100}){100}){100}", "it is too large"],
    ["\\q", "\\q is not known here"],
    ["(".repeat(200), "its groups are nested too deeply"],
  ])("%p is refused, and why", (source, problem) => {
    expect(linearPattern(source, { ignoreCase: false })).toEqual({ problem });
  });
});

describe("a glob", () => {
  test.each<[string, string, boolean]>([
    ["*.ts", "a.ts", true],
    ["*.ts", "deep/er/a.ts", true],
    ["*.ts", "a.tsx", false],
    ["src/*.ts", "src/a.ts", true],
    ["src/*.ts", "src/b/a.ts", false],
    ["src/*.ts", "x/src/a.ts", false],
    ["src/**/*.ts", "src/a.ts", true],
    ["src/**/*.ts", "src/b/c/a.ts", true],
    ["**/b", "b", true],
    ["**/b", "ab", false],
    ["a/**", "a/b/c", true],
    ["a/**", "ab", false],
    ["/a", "a", true],
    ["./a", "a", true],
    ["?.md", "ü.md", true],
    ["?.md", "/.md", false],
    ["[!a].md", "b.md", true],
    ["[!a].md", "a.md", false],
    ["[]x].md", "].md", true],
    ["*.{ts,{j,m}s}", "a.ms", true],
    ["*.{ts,js}", "a.cs", false],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["a+(b)", "a+(b)", true],
    ["*", "line\nfeed", true],
  ])("%p and %p: %p", (glob, path, fits) => {
    expect(finds(globPattern(glob, { ignoreCase: false }), path)).toBe(fits);
  });

  test("has no trouble with many stars", () => {
    expect(finds(globPattern(`${"*a".repeat(40)}b`, { ignoreCase: false }), "a".repeat(255))).toBe(false);
  });

  test.each([
    ["{a", "a { has no } behind it"],
    ["[a", "a [ has no ] behind it"],
    ["{".repeat(12) + "}".repeat(12), "its braces are nested too deeply"],
  ])("%p is refused", (glob, problem) => {
    expect(globPattern(glob, { ignoreCase: false })).toEqual({ problem });
  });
});
