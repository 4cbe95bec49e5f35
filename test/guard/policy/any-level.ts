/** Levels of policies of any kind, and the arguments of calls that they may be about, for properties. */
import fc from "fast-check";
import type {
  AddressRange,
  CompiledLevel,
  CompiledRule,
  Conditions,
  Consequence,
  NamePatterns,
  ValueTest,
} from "../../../src/guard/policy/compiled.ts";
import { BASE } from "./engine-of.ts";

export const word = fc.constantFrom("a", "b", "read", "Read", "path", "*", "re*", "tools/call", "files", "x\u200b", "");
const globs: fc.Arbitrary<NamePatterns> = fc.record({
  any: fc.array(word, { maxLength: 2 }),
  none: fc.array(word, { maxLength: 1 }),
});
const scalar = fc.oneof(word, fc.string({ maxLength: 5 }), fc.integer(), fc.boolean(), fc.constant(null));
const leaf = fc
  .oneof(
    fc.record({ test: fc.constant("present" as const), present: fc.boolean() }),
    fc.record({ test: fc.constant("one of" as const), values: fc.array(scalar, { maxLength: 3 }) }),
    fc.record({ test: fc.constant("matches" as const), pattern: fc.constantFrom("a", "^r", "[", "\\d+", "") }),
    fc.record({
      test: fc.constantFrom("inside" as const, "outside" as const),
      folders: fc.constantFrom<string[][]>([["/", "home"], []], [["/", "home"]], [["/", "homes", "a"]]),
      base: fc.constant(BASE),
    }),
    fc.record({
      test: fc.constant("host" as const),
      hosts: globs,
      ranges: fc.constant<AddressRange[]>([{ bytes: [10, 0, 0, 0], bits: 8 }]),
    }),
    fc.record({ test: fc.constant("private address" as const), isPrivate: fc.boolean() }),
    fc.record({ test: fc.constantFrom("above" as const, "below" as const), bound: fc.integer() }),
    fc.record({ test: fc.constant("longer than" as const), length: fc.nat(20) }),
  )
  .map((one): ValueTest => one);
const negation = fc.record({
  test: fc.constant("not" as const),
  tests: fc.array(leaf, { minLength: 1, maxLength: 2 }),
});
const valueTest = fc.oneof(leaf, negation).map((one): ValueTest => one);
const place = fc.array(fc.constantFrom("a", "path", "*", "**", "0", "*a*"), { minLength: 1, maxLength: 3 });
export const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined, freq: 2 });
const conditions: fc.Arbitrary<Conditions> = fc.record({
  server: maybe(globs),
  tool: maybe(globs),
  method: maybe(globs),
  prompt: maybe(globs),
  resource: maybe(globs),
  arguments: fc.array(fc.record({ path: place, tests: fc.array(valueTest, { minLength: 1, maxLength: 2 }) }), {
    maxLength: 2,
  }),
  annotations: maybe(fc.constant({ destructiveHint: true })),
  definition: maybe(fc.constant(["new" as const])),
  time: maybe(fc.constant({ hours: [{ from: 0, to: 600 }], days: [], zone: "UTC" })),
  findings: maybe(
    fc.constant({ least: "high" as const, in: ["arguments" as const, "result" as const], rules: undefined }),
  ),
});
const masking = fc.record({
  secrets: fc.boolean(),
  paths: fc.array(place, { maxLength: 2 }),
  patterns: fc.array(fc.constantFrom("a", "\\d", "[", "é"), { maxLength: 1 }),
});
const ask = fc.constant({ timeout_ms: 1000, on_timeout: "block" as const, remember: "once" as const });
const consequence: fc.Arbitrary<Consequence> = fc.oneof(
  fc.record({ action: fc.constantFrom("allow" as const, "deny" as const) }),
  fc.record({ action: fc.constant("ask" as const), ask }),
  fc.record({ action: fc.constant("redact" as const), arguments: maybe(masking), result: maybe(masking) }),
  fc.record({
    action: fc.constant("limit" as const),
    limit: fc.record({
      calls: maybe(fc.integer({ min: 1, max: 3 })),
      bytes: maybe(fc.nat(300)),
      window_ms: fc.constant(1000),
      max_tokens: maybe(fc.nat(20)),
    }),
  }),
);
export const rule: fc.Arbitrary<CompiledRule> = fc.record({
  name: fc.constantFrom("one", "two"),
  reason: maybe(fc.string()),
  on_error: fc.constantFrom("block" as const, "pass" as const),
  when: conditions,
  effect: consequence,
});
export const level: fc.Arbitrary<CompiledLevel> = fc.record({
  source: fc.constantFrom("user" as const, "project" as const),
  file: fc.constant("policy.yaml"),
  mode: fc.constant("enforce" as const),
  default: fc.constantFrom("allow" as const, "ask" as const, "deny" as const),
  rules: fc.array(rule, { maxLength: 4 }),
  ask,
  max_tokens: maybe(fc.nat(50)),
  tools: fc.constant({ new: "allow" as const, changed: "block" as const }),
  lists: fc.constantFrom("whole" as const, "allowed" as const),
});

export const json = fc.jsonValue({ maxDepth: 3 });
export const args = fc.oneof(
  fc
    .dictionary(
      fc.constantFrom("a", "path", "Path", "url"),
      fc.oneof(scalar, json, fc.constantFrom("/home/x", "/homes", "/home/../x", "/home/", "http://10.0.0.1/", "~/x")),
    )
    .map((value) => JSON.stringify(value)),
  fc.constantFrom('{"a":1,"a":2}', '"x"', "NaN", "{", '{"path":"/etc","path":"x"}', "null"),
);
