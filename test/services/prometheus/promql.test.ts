/** What of an expression an estimate of its cost needs. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readPromql } from "../../../src/services/prometheus/promql.ts";

const MINUTE_MS = 60_000;

function brief(expression: string): string[] {
  return readPromql(expression).selectors.map(({ text, rangeMs, times }) => `${text} ${rangeMs / MINUTE_MS} ${times}`);
}

describe("readPromql", () => {
  test.each([
    ["up", ["up 0 1"]],
    ['up{job="a{b}",x=~"y]"}', ['up{job="a{b}",x=~"y]"} 0 1']],
    ['{__name__=~"a.*"}', ['{__name__=~"a.*"} 0 1']],
    ["{'it''s',\"my.metric\"}", ["{'it''s',\"my.metric\"} 0 1"]],
    ["rate(a[5m])", ["a 5 1"]],
    ['rate(a{b="c"} [1h30m] offset 1d)', ['a{b="c"} 90 1']],
    ["sum by (le, job) (rate(b_bucket[5m])) / on(job) group_left(x) c", ["b_bucket 5 1", "c 0 1"]],
    ["sum(a) without (by, sum)", ["a 0 1"]],
    ["max_over_time(rate(a[5m])[1h:5m])", ["a 5 12"]],
    ["avg_over_time((a + b)[1h:])", ["a 0 60", "b 0 60"]],
    ["max_over_time(a[1h:30s])", ["a 0 120"]],
    ['count_values("version", build) and topk(3, up) or vector(1) unless x', ["build 0 1", "up 0 1", "x 0 1"]],
    ["a > bool 1e3 # b\n + 0x1F * Inf - nan", ["a 0 1"]],
    ["job:a:rate5m @ start() offset -5m", ["job:a:rate5m 0 1"]],
    ["histogram_quantile(0.9, sum by(le)(rate(x[1w])))", ["x 10080 1"]],
    ['label_replace(a, "dst", "$1", "src", "(.*)")', ["a 0 1"]],
    ["sum", ["sum 0 1"]],
    ["1 + 1", []],
    ["", []],
  ])("%s", (expression, selectors) => {
    expect(brief(expression)).toEqual(selectors);
  });

  test.each([
    ["sum(a)", true],
    ["topk by (x) (3, a)", true],
    ["absent(a)", true],
    ["rate(a[5m]) * 2", false],
    ["sum", false],
    ["sum_of_a", false],
  ])("%s aggregates: %p", (expression, aggregates) => {
    expect(readPromql(expression).aggregates).toBe(aggregates);
  });

  test("nothing makes it fail or take long", () => {
    const part = fc.constantFrom(
      "(",
      ")",
      "{",
      "}",
      "[",
      "]",
      '"',
      "'",
      "`",
      "\\",
      "sum",
      "by",
      "a",
      "5m",
      ":",
      ",",
      " ",
      "#",
      "\n",
      "1e",
      "\u{1f600}",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        expect(Array.isArray(readPromql(parts.join("")).selectors)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(readPromql(`a{b="${"\\".repeat(200_000)}`).selectors).toBeArray();
    expect(readPromql("(".repeat(20_000)).selectors).toEqual([]);
  });
});
