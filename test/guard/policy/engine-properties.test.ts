/** What holds for whatever policy and whatever message. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { CompiledLevel, CompiledRule } from "../../../src/guard/policy/compiled.ts";
import { PolicyEngine } from "../../../src/guard/policy/engine.ts";
import { usesOf } from "../../../src/guard/policy/uses.ts";
import type { Deferral, HeldMessage, Verdict } from "../../../src/stream/verdict.ts";
import { args, json, level, maybe, rule, word } from "./any-level.ts";
import { call } from "./engine-of.ts";

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
