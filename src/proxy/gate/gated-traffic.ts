/** `GatedTraffic`: both directions of a session with a gate; each puts its answers among the lines of the other. No I/O. */
import { monotonic } from "../../process/monotonic.ts";
import type { Deferral, HeldMessage, Verdict } from "../../stream/verdict.ts";
import { AwaitedAnswers } from "./awaited-answers.ts";
import { GatedPassage } from "./gated-passage.ts";
import type { Surroundings } from "./held-lines.ts";
import type { Gate } from "./gate.ts";
import type { FromGate, ToGate } from "./referral.ts";

/** Mark of a line that km writes while a message is held. */
const OWN = [{ action: "answered", by: "km" }] as const;

export class GatedTraffic {
  readonly request: GatedPassage;
  readonly response: GatedPassage;
  readonly #gate: Gate;
  readonly #refer: (message: FromGate) => void;
  readonly #deciding = new Map<number, (verdict: Verdict) => void>();
  #asked = 0;

  /** @param refer tells the main thread */
  constructor(gate: Gate, refer: (message: FromGate) => void) {
    this.#gate = gate;
    this.#refer = refer;
    const ofClient = new AwaitedAnswers();
    const ofServer = new AwaitedAnswers();
    const common = {
      gate,
      defer: this.#defer,
      say: (text: string) => refer({ kind: "say", text }),
    };
    const toServer: Surroundings = {
      ...common,
      asked: ofClient,
      awaited: ofServer,
      answer: (line, interceptions) => this.response.insert(line, interceptions, monotonic()),
      isCrowded: () => this.response.isCrowded,
    };
    const toClient: Surroundings = {
      ...common,
      asked: ofServer,
      awaited: ofClient,
      answer: (line, interceptions) => this.request.insert(line, interceptions, monotonic()),
      isCrowded: () => this.request.isCrowded,
    };
    this.request = new GatedPassage("request", toServer);
    this.response = new GatedPassage("response", toClient);
  }

  /** From the main thread. */
  tell(message: ToGate): void {
    switch (message.kind) {
      case "verdict": {
        const decided = this.#deciding.get(message.question);
        this.#deciding.delete(message.question);
        return decided?.(message.verdict);
      }
      case "facts":
        return this.#gate.learn(message.facts);
      case "insert":
        return this.response.insert(`${message.line}\n`, OWN, monotonic());
    }
  }

  abandon(): void {
    this.request.abandon();
    this.response.abandon();
  }

  readonly #defer = (held: HeldMessage, deferral: Deferral, decided: (verdict: Verdict) => void) => {
    const question = ++this.#asked;
    this.#deciding.set(question, decided);
    this.#refer({ kind: "ask", question, held, deferral });
    return {
      isForPerson: deferral.question.kind === "approval",
      drop: (): void => {
        if (this.#deciding.delete(question)) this.#refer({ kind: "drop", question });
      },
    };
  };
}
