/** What a gate defers, brought to the referee on the main thread, and what comes back. */
import type { Deferral, Facts, HeldMessage, Verdict } from "../../stream/verdict.ts";
import type { Referee } from "./gate.ts";
import { sayLater } from "../say.ts";

/** From where messages are held. */
export type FromGate =
  | { kind: "ask"; question: number; held: HeldMessage; deferral: Deferral }
  /** Nobody waits for the verdict any more. */
  | { kind: "drop"; question: number }
  /** Something for people to read. */
  | { kind: "say"; text: string };

/** To there; in this order. */
export type ToGate =
  | { kind: "verdict"; question: number; verdict: Verdict }
  | { kind: "facts"; facts: Facts }
  /** A line for the client, without its line feed. */
  | { kind: "insert"; line: string };

export class Referral {
  readonly #referee: Referee;
  readonly #send: (message: ToGate) => void;
  readonly #open = new Map<number, AbortController>();

  constructor(referee: Referee, send: (message: ToGate) => void) {
    this.#referee = referee;
    this.#send = send;
  }

  take(message: FromGate): void {
    switch (message.kind) {
      case "ask":
        return void this.#ask(message.question, message.held, message.deferral);
      case "drop":
        return this.#drop(message.question);
      case "say":
        return sayLater(`km: ${message.text}`);
    }
  }

  /** The session is over. */
  end(): void {
    for (const question of this.#open.keys()) this.#drop(question);
  }

  async #ask(question: number, held: HeldMessage, deferral: Deferral): Promise<void> {
    const controller = new AbortController();
    this.#open.set(question, controller);
    const verdict = await this.#decide(held, deferral, controller.signal);
    if (this.#open.delete(question)) this.#send({ kind: "verdict", question, verdict });
  }

  async #decide(held: HeldMessage, deferral: Deferral, dropped: AbortSignal): Promise<Verdict> {
    try {
      return await this.#referee(held, deferral, {
        insertToClient: (line) => !dropped.aborted && this.#send({ kind: "insert", line }),
        learn: (facts) => this.#send({ kind: "facts", facts }),
        dropped,
      });
    } catch {
      // A referee never rejects. If one does, what it stood for is not given up.
      return { action: "block", by: "km", reason: "it could not be decided about" };
    }
  }

  #drop(question: number): void {
    const controller = this.#open.get(question);
    this.#open.delete(question);
    controller?.abort();
  }
}
