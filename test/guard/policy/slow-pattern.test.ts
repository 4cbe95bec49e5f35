/** Which expressions km warns of, since a text could be made for which they take long. */
import { describe, expect, test } from "bun:test";
import { slowPattern } from "../../../src/guard/policy/slow-pattern.ts";

const BEGINS = "it begins with a part that repeats without end, which is tried at each character";
const TWICE = "two parts that repeat without end may take the same characters";
const ALIKE = "alternatives that begin alike are repeated without end";

const CASES: Record<string, [source: string, why: string | undefined][]> = {
  "a part that repeats at the beginning": [
    [String.raw`\s+$`, BEGINS],
    ["a+b", BEGINS],
    [String.raw`x|(?:\w+)@`, BEGINS],
    ["x?[a-z]*y", BEGINS],
    ["a+", undefined], // nothing follows that could fail
    ["^a+b", undefined],
    [String.raw`\b\w+@`, undefined],
    ["a{1,50}b", undefined],
  ],
  "two parts that take the same": [
    ["x.*foo.*bar", TWICE],
    [String.raw`^\d+\d+x`, TWICE],
    [String.raw`^\s*,?\s*=`, TWICE],
    ["^(?:a+)?a+x", TWICE],
    [String.raw`^a{2,}[^\d]*;`, TWICE],
    ["x.*foo.*", undefined],
    [String.raw`drop\s+table\s+x`, undefined], // what is between them keeps them apart
    [String.raw`^\w+\s+\w+=`, undefined],
    ["^(?:foo|bar)*$", undefined],
    [String.raw`^[^"]*"[^"]*"`, undefined],
  ],
  "alternatives that begin alike": [
    ["^(a|b|ab)*c", ALIKE],
    [String.raw`^(?:\w|é|[x-z])*c`, ALIKE],
    ["^(?:a|b)*c", undefined],
    ["^(?:a|ab)c", undefined],
  ],
  others: [
    [String.raw`T-\d+`, undefined],
    ["(?i:DROP TABLE)", undefined],
    [String.raw`(?<=token=)\p{L}{3}\u0041[\]a]`, undefined],
    ["", undefined],
  ],
};

for (const [title, cases] of Object.entries(CASES)) {
  describe(title, () => {
    for (const [source, why] of cases) {
      test(`${source}: ${why === undefined ? "no warning" : "a warning"}`, () => expect(slowPattern(source)).toBe(why));
    }
  });
}
