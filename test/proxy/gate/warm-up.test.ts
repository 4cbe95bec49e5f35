/** A gate is warmed up with calls such as its policy is about, whatever comes of them. */
import { expect, test } from "bun:test";
import type { CompiledPolicy } from "../../../src/guard/policy/compiled.ts";
import { typicalCalls } from "../../../src/guard/policy/typical-calls.ts";
import { usesOf } from "../../../src/guard/policy/uses.ts";
import { PolicyEngine } from "../../../src/guard/policy/engine.ts";
import { LineBytes } from "../../../src/wire/line-bytes.ts";
import { PlainMessage } from "../../../src/wire/plain-message.ts";
import { WarmUp } from "../../../src/proxy/gate/warm-up.ts";
import { levelOf } from "../../guard/policy/engine-of.ts";

const LEVELS = [
  levelOf(`
rules:
  - { name: inner, tool: 'read_*', arguments: { path: { inside: /srv }, 'a.b': { matches: text } }, action: deny }
  - { name: few, tool: few, action: limit, limit: { calls: 1, per: 1h } }
  - { name: asked, tool: asked, action: ask }
  - { name: mask, tool: masked, action: redact, redact: { arguments: [path], result: ['files'] } }`),
];
const POLICY: CompiledPolicy = { levels: LEVELS, uses: usesOf(LEVELS) };

test("the calls are such as the rules are about", () => {
  const engine = new PolicyEngine(POLICY, { server: "files" });
  const outcomes = typicalCalls(POLICY).map(({ call }) => {
    const { params } = JSON.parse(call) as { params: { name: string } };
    const verdict = engine.decide({ direction: "request", method: "tools/call", tool: params.name, text: call });
    return [params.name, verdict.action];
  });
  expect(Object.fromEntries(outcomes.toReversed())).toEqual({
    read_file: "block",
    read_x: "block",
    few: "pass",
    asked: "defer",
    masked: "modify",
  });
});

test("of each call and answer, one is plain and one is not", () => {
  const isPlain = (text: string): boolean => {
    const line = new LineBytes(new TextEncoder().encode(`${text}\n`).buffer);
    return new PlainMessage().read(line, 0, text.length + 1) > 0;
  };
  for (const [index, { call, answer }] of typicalCalls(POLICY).entries()) {
    expect([isPlain(call), isPlain(answer)]).toEqual(index % 2 === 0 ? [true, true] : [false, false]);
  }
});

test.each([["with"], ["without"]])("a gate %s rules is warmed up to the end", (which) => {
  const policy = which === "with" ? POLICY : { levels: [], uses: usesOf([]) };
  const warmUp = new WarmUp(new PolicyEngine(policy, { server: "files" }), policy);
  for (let portions = 0; !warmUp.isOver; portions++) {
    expect(portions).toBeLessThan(1000);
    warmUp.goOn();
  }
});
