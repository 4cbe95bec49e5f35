/** Both ends of a session with a gate, without a pump between: what was put in, sent, observed, and asked of the referee. */
import { GatedTraffic } from "../../../src/proxy/gate/gated-traffic.ts";
import type { GatedPassage } from "../../../src/proxy/gate/gated-passage.ts";
import type { Gate } from "../../../src/proxy/gate/gate.ts";
import type { FromGate } from "../../../src/proxy/gate/referral.ts";
import type { Interceptions } from "../../../src/proxy/gate/settle.ts";
import type { Direction } from "../../../src/stream/event.ts";
import type { HeldMessage, Verdict } from "../../../src/stream/verdict.ts";

export interface Asked extends HeldMessage {
  decide(verdict: Verdict): void;
}

export class GatedEnds {
  readonly traffic: GatedTraffic;
  /** What went to the server ("request") and to the client. */
  readonly sent: Record<Direction, Buffer[]> = { request: [], response: [] };
  readonly seen: Record<Direction, Buffer[]> = { request: [], response: [] };
  /** In the order of both directions. */
  readonly notes: { direction: Direction; text: string; interceptions: Interceptions }[] = [];
  readonly asked: Asked[] = [];
  readonly dropped: number[] = [];
  readonly said: string[] = [];

  constructor(gate: Gate) {
    this.traffic = new GatedTraffic(gate, (message) => this.#take(message));
  }

  get toServer(): string {
    return Buffer.concat(this.sent.request).toString("latin1");
  }

  get toClient(): string {
    return Buffer.concat(this.sent.response).toString("latin1");
  }

  /** What was observed of a direction. */
  observed(direction: Direction): string {
    return Buffer.concat(this.seen[direction]).toString("latin1");
  }

  client(bytes: string | Uint8Array): void {
    this.put(this.traffic.request, bytes);
  }

  server(bytes: string | Uint8Array): void {
    this.put(this.traffic.response, bytes);
  }

  put(passage: GatedPassage, bytes: string | Uint8Array): void {
    if (!passage.mayRead) throw new Error("The pump would not have read now");
    passage.push(Buffer.from(bytes), 1);
    this.goOn();
  }

  /** As the pump does when a source has ended. */
  end(passage: GatedPassage): void {
    passage.end(2);
    this.goOn();
  }

  goOn(): void {
    const { request, response } = this.traffic;
    while (request.hasNext || response.hasNext) {
      this.#carry("request", request);
      this.#carry("response", response);
    }
  }

  #carry(direction: Direction, passage: GatedPassage): void {
    for (let next = passage.next(); next !== undefined; next = passage.next()) {
      // What was put in may be read over once it has been taken out.
      if (next.interceptions !== undefined) {
        const text = Buffer.from(next.seen).toString();
        this.notes.push({ direction, text, interceptions: next.interceptions });
      }
      this.seen[direction].push(Buffer.from(next.seen));
      next.seenBy?.();
      if (next.send !== undefined) this.sent[direction].push(Buffer.from(next.send));
    }
  }

  #take(message: FromGate): void {
    if (message.kind === "say") this.said.push(message.text);
    else if (message.kind === "drop") this.dropped.push(message.question);
    else {
      const { question, held } = message;
      const decide = (verdict: Verdict): void => {
        this.traffic.tell({ kind: "verdict", question, verdict });
        this.goOn();
      };
      this.asked.push({ ...held, decide });
    }
  }
}
