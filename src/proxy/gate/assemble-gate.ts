/** Makes a gate of what was assigned, on the thread that forwards: the policy decides first, then the plugins are asked. */
import type { Deferral, HeldMessage, Verdict } from "../../stream/verdict.ts";
import type { Gate, GateAssignment } from "./gate.ts";

export async function assembleGate({ policy, plugins }: GateAssignment): Promise<Gate> {
  const first = policy === undefined ? NO_POLICY : await policyGate(policy);
  return plugins === undefined ? first : withPlugins(first, plugins === true ? true : new Set(plugins));
}

const NO_POLICY: Gate = {
  isStrict: false,
  concerns: () => false,
  concernsAnswer: () => false,
  leastAnswerBytes: () => 0,
  passesUndecided: () => true,
  shortcut: () => undefined,
  decide: () => ({ action: "pass" }),
  learn: () => undefined,
};

async function policyGate({ compiled, server, facts }: NonNullable<GateAssignment["policy"]>): Promise<Gate> {
  const { startEngine } = await import("../../guard/policy/start-engine.ts");
  const engine = await startEngine(compiled, server);
  if (facts !== undefined) engine.learn(facts);
  return engine;
}

function withPlugins(policy: Gate, methods: true | Set<string>): Gate {
  const concerns = (method: string): boolean => methods === true || methods.has(method);
  return {
    isStrict: policy.isStrict,
    concerns: (direction, method) => concerns(method) || policy.concerns(direction, method),
    concernsAnswer: (method, tool) => policy.concernsAnswer(method, tool),
    leastAnswerBytes: (method, tool) => policy.leastAnswerBytes(method, tool),
    passesUndecided: (direction, method) => policy.passesUndecided(direction, method),
    shortcut: (tool) => (concerns("tools/call") ? undefined : policy.shortcut(tool)),
    learn: (facts) => policy.learn(facts),
    decide: (held) => {
      const { direction, method, request } = held;
      const verdict = policy.concerns(direction, method) || request !== undefined ? policy.decide(held) : PASS;
      return request === undefined && concerns(method) ? askedLast(verdict, held) : verdict;
    },
  };
}

const PASS: Verdict = { action: "pass" };

/** What is deferred anyway is brought before the plugins by the referee. */
function askedLast(verdict: Verdict | Deferral, { text }: HeldMessage): Verdict | Deferral {
  const deferral: Deferral = { action: "defer", question: { kind: "plugins" }, outOfOrder: false };
  if (verdict.action === "pass") return deferral;
  return verdict.action === "modify" && verdict.text !== text
    ? { ...deferral, text: verdict.text, by: verdict.by }
    : verdict;
}
