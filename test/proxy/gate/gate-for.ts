/** A gate that is concerned with these methods, and with the answers to those (then it is strict), and lets everything pass. */
import type { Gate } from "../../../src/proxy/gate/gate.ts";

export function gateFor(methods: string[], answers: string[] = []): Gate {
  return {
    isStrict: answers.length > 0,
    concerns: (_direction, method) => methods.includes(method),
    concernsAnswer: (method) => answers.includes(method),
    leastAnswerBytes: () => 0,
    passesUndecided: () => true,
    shortcut: () => undefined,
    decide: () => ({ action: "pass" }),
    learn: () => undefined,
  };
}
