/**
 * `WarmUp`: lets the code of a gate run before messages wait for it. What runs for the first times is slow, and few sessions
 * have so many calls that it becomes quick by them. No I/O.
 */
import type { CompiledPolicy } from "../../guard/policy/compiled.ts";
import { typicalCalls } from "../../guard/policy/typical-calls.ts";
import type { Verdict } from "../../stream/verdict.ts";
import { GatedTraffic } from "./gated-traffic.ts";
import type { Gate } from "./gate.ts";

/** After so many the engine has compiled what is used in each call, and in each that is decided about: half of them. */
const EXCHANGES = 3000;
/** At once: a message that comes meanwhile waits for so many, which takes a fraction of a millisecond. */
const PORTION = 10;
const PASS: Verdict = { action: "pass" };

export class WarmUp {
  readonly #traffic: GatedTraffic;
  readonly #lines: { call: Buffer; answer: Buffer }[];
  /** What would have been asked of the referee. */
  #asked: number[] = [];
  #done = 0;

  /** @param gate one that nobody else asks: limits count what it decides about */
  constructor(gate: Gate, policy: CompiledPolicy) {
    this.#traffic = new GatedTraffic(gate, (message) => {
      if (message.kind === "ask") this.#asked.push(message.question);
    });
    this.#lines = typicalCalls(policy).map(({ call, answer }) => ({
      call: Buffer.from(`${call}\n`),
      answer: Buffer.from(`${answer}\n`),
    }));
  }

  get isOver(): boolean {
    return this.#done >= EXCHANGES;
  }

  goOn(): void {
    for (let count = 0; count < PORTION; count++) this.#exchange(this.#done++);
  }

  #exchange(time: number): void {
    const { request, response } = this.#traffic;
    const lines = this.#lines[time % this.#lines.length];
    if (lines === undefined) return;
    request.push(lines.call, time);
    for (const question of this.#asked) this.#traffic.tell({ kind: "verdict", question, verdict: PASS });
    this.#asked = [];
    while (request.hasNext) request.next();
    response.push(lines.answer, time);
    while (response.hasNext) response.next();
  }
}
