/** What holds for whatever policy and whatever message. */
import { expect, test } from "bun:test";
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
import { PolicyEngine } from "../../../src/guard/policy/engine.ts";
import { usesOf } from "../../../src/guard/policy/uses.ts";
import type { Deferral, HeldMessage, Verdict } from "../../../src/stream/verdict.ts";
import { BASE, call } from "./engine-of.ts";

const word = fc.constantFrom("a", "b", "read", "Read", "path", "*", "re*", "tools/call", "files", "x\u200b", "");
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
const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined, freq: 2 });
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
const rule: fc.Arbitrary<CompiledRule> = fc.record({
  name: fc.constantFrom("one", "two"),
  reason: maybe(fc.string()),
  on_error: fc.constantFrom("block" as const, "pass" as const),
  when: conditions,
  effect: consequence,
});
const level: fc.Arbitrary<CompiledLevel> = fc.record({
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

const json = fc.jsonValue({ maxDepth: 3 });
const args = fc.oneof(
  fc
    .dictionary(
      fc.constantFrom("a", "path", "Path", "url"),
      fc.oneof(scalar, json, fc.constantFrom("/home/x", "/homes", "/home/../x", "/home/", "http://10.0.0.1/", "~/x")),
    )
    .map((value) => JSON.stringify(value)),
  fc.constantFrom('{"a":1,"a":2}', '"x"', "NaN", "{", '{"path":"/etc","path":"x"}', "null"),
);
const method = fc.constantFrom("tools/call", "resources/read", "tools/list", "tasks/get", "Tools/Call", "ping", "a");
const text = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(method, word, args)
      .map(([m, name, a]) => `{"jsonrpc":"2.0","id":1,"method":"${m}","params":{"name":"${name}","arguments":${a}}}`),
  },
  { weight: 1, arbitrary: fc.oneof(fc.string(), fc.json()) },
);
const result = fc.oneof(
  json.map((value) => `{"jsonrpc":"2.0","id":1,"result":${JSON.stringify(value)}}`),
  fc.string(),
  fc.json(),
);
const held: fc.Arbitrary<HeldMessage> = fc
  .record({ direction: fc.constantFrom("request" as const, "response" as const), method, text, result: maybe(result) })
  .map(({ direction, method: m, text: asked, result: answered }) =>
    answered === undefined
      ? { direction, method: m, text: asked }
      : { direction, method: m, text: answered, request: asked },
  );

const inspect = { arguments: () => [], result: () => [] };

function decisions(levels: CompiledLevel[], messages: HeldMessage[]): (Verdict | Deferral)[] {
  const policy = structuredClone({ levels, uses: usesOf(levels) });
  const redact = (text: string): string => text.replaceAll("secret", "[redacted:x]");
  const engine = new PolicyEngine(policy, { server: "files", now: () => 0, inspect, redact });
  return messages.map((message) => {
    const about =
      message.request === undefined
        ? engine.concerns(message.direction, message.method)
        : engine.concernsAnswer(message.method, undefined);
    const verdict = engine.decide(message);
    if (!about) expect(verdict).toEqual({ action: "pass" });
    return verdict;
  });
}

test("what the sender has parsed is decided about like any message", () => {
  fc.assert(
    fc.property(fc.array(level, { maxLength: 2 }), fc.array(held, { maxLength: 4 }), (levels, messages) => {
      const parsed = messages.map((message) => ({ ...message, ...valueOf(message.text) }));
      expect(decisions(levels, parsed)).toEqual(decisions(levels, messages));
    }),
    { numRuns: 300 },
  );
});

function valueOf(json: string): { value?: unknown } {
  try {
    return { value: JSON.parse(json) };
  } catch {
    return {};
  }
}

test("rules that deny do so among others as each of them would alone", () => {
  const denying = rule.map(({ when, ...one }): CompiledRule => {
    // Rules that are not about calls do not have calls asked about that nobody else wants to see.
    const aboutCalls = { ...when, method: undefined, prompt: undefined, resource: undefined };
    return { ...one, when: aboutCalls, effect: { action: "deny" } };
  });
  fc.assert(
    fc.property(level, fc.array(denying, { maxLength: 4 }), word, args, (some, rules, tool, json) => {
      const isBlocked = (those: CompiledRule[]): boolean => {
        const only: CompiledLevel = {
          ...some,
          default: "allow",
          rules: those,
          tools: { new: "allow", changed: "allow" },
        };
        return decisions([only], [call(tool, json)])[0]?.action === "block";
      };
      const alone = rules.filter((one) => isBlocked([one]));
      expect(isBlocked(rules)).toBe(alone.length > 0);
    }),
    { numRuns: 500 },
  );
});

const HARSHNESS = { pass: 0, modify: 0, defer: 1, block: 2 };

function harshness(verdict: Verdict | Deferral): number {
  if (verdict.action === "approve" || verdict.action === "answer") return 0;
  if (verdict.action === "defer" && verdict.question.kind !== "approval") return 0;
  return HARSHNESS[verdict.action];
}

test("the engine never throws, and what it lets pass in another form is JSON with the same id and method", () => {
  fc.assert(
    fc.property(fc.array(level, { maxLength: 2 }), fc.array(held, { maxLength: 4 }), (levels, messages) => {
      for (const [index, verdict] of decisions(levels, messages).entries()) {
        const changed =
          verdict.action === "modify" ? verdict.text : verdict.action === "defer" ? verdict.text : undefined;
        if (changed === undefined) continue;
        const [before, after] = [JSON.parse(messages[index]?.text ?? ""), JSON.parse(changed)];
        expect([after.jsonrpc, after.id, after.method]).toEqual([before.jsonrpc, before.id, before.method]);
        expect(changed).not.toContain("\n");
      }
    }),
    { numRuns: 500 },
  );
});

test("a project's policy never makes anything pass that would not have passed without it", () => {
  fc.assert(
    fc.property(level, level, fc.array(held, { maxLength: 4 }), (user, project, messages) => {
      const alone = decisions([user], messages).map(harshness);
      const together = decisions([user, project], messages).map(harshness);
      for (const [index, harsh] of together.entries()) expect(harsh).toBeGreaterThanOrEqual(alone[index] ?? 0);
    }),
    { numRuns: 500 },
  );
});

test("a rule that denies all that another rule's policy lets pass denies it", () => {
  fc.assert(
    fc.property(level, held, (some, message) => {
      const deny: CompiledLevel = { ...some, source: "project", default: "deny", rules: [] };
      const about = new PolicyEngine({ levels: [deny], uses: usesOf([deny]) }, { server: "files" });
      if (message.request !== undefined || !about.concerns(message.direction, message.method)) return;
      const [verdict] = decisions([some, deny], [message]);
      expect(verdict?.action).toMatch(/block|defer/);
      if (verdict?.action === "defer") expect(verdict.question.kind).toBe("read on");
    }),
  );
});
