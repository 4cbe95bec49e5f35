/**
 * `HeldLines`: decides about the lines of a direction, and keeps those that wait for the referee: one in order, behind which
 * all others wait, and any out of order. No I/O.
 */
import type { Interception } from "../../stream/event.ts";
import type { Deferral, HeldMessage, Verdict } from "../../stream/verdict.ts";
import type { LineBytes } from "../../wire/line-bytes.ts";
import type { AwaitedAnswers } from "./awaited-answers.ts";
import { awaitedAfter, gatedLine, type GatedLine, type Member, type Watch } from "./gated-line.ts";
import type { Gate } from "./gate.ts";
import { PlainLines } from "./plain-lines.ts";
import { addressed, refusal } from "./refused-line.ts";
import { answerInPlace, type Interceptions, type Outcome, settle, type Settled } from "./settle.ts";
import { type Refused, strictLine } from "./strict-line.ts";

/** What is to be observed, then sent, before anything else of this direction. */
export interface Outgoing {
  /** As its sender sent it. */
  seen: Uint8Array;
  /** The very same where it goes on as it came; undefined where it does not go on. */
  send: Uint8Array | undefined;
  /** When it was read. */
  time: number;
  /** Of the line that `seen` is, or begins. */
  interceptions: Interceptions | undefined;
  /** A line that km itself has written. */
  isOwn?: true;
  /** A line without a line feed, since the source has ended. */
  isLast?: true;
  /** To be called once it has been handed to the observer: an answer is never observed before its request. */
  seenBy?(): void;
}

/** What a direction needs of the session. */
export interface Surroundings {
  gate: Gate;
  /** The requests that pass here and whose answers are awaited; and those whose answers pass here. */
  asked: AwaitedAnswers;
  awaited: AwaitedAnswers;
  /** Asks the referee. The verdict comes later, once. */
  defer(held: HeldMessage, deferral: Deferral, decided: (verdict: Verdict) => void): Question;
  /** Puts a line of km's own into the other direction. */
  answer(line: string, interceptions: Interceptions): void;
  /** Whether so much waits there that more would fill the memory. */
  isCrowded(): boolean;
  /** For stderr. */
  say(text: string): void;
}

/** One that the referee was asked. */
export interface Question {
  /** Nobody waits for the verdict any more. */
  drop(): void;
  /** A person is asked, who may take any time. */
  isForPerson: boolean;
}

interface Held {
  line: GatedLine;
  bytes: Uint8Array;
  time: number;
  outcomes: (Outcome | undefined)[];
  /** Those that wait for the referee, by the place of their message in the line. */
  questions: Map<number, Question>;
}

/** What the referee is asked about the message at that place in the line. */
type Deferred = [index: number, question: HeldMessage, deferral: Deferral];

/** How much may be held out of order before reading pauses. */
const MOST_HELD = 1000;
const MOST_HELD_BYTES = 32 << 20;
const LINE_FEED = 10;
const PASS: Verdict = { action: "pass" };
const CANCELLED: Verdict = { action: "block", by: "km", reason: "cancelled while it was held" };
const NEVER_SENT: Interception = { action: "blocked", by: "km", reason: "the session ended while it was held" };
const UNDECIDABLE: Verdict = { action: "block", by: "km", reason: "it could not be decided about" };

export class HeldLines {
  readonly #watch: Watch;
  readonly #around: Surroundings;
  readonly #let: (outgoing: Outgoing, isInOrder: boolean) => void;
  /** Where the gate is strict: what is lenient searches, which costs less still. */
  readonly #plain: PlainLines | undefined;
  #inOrder: Held | undefined;
  readonly #outOfOrder = new Set<Held>();
  #bytes = 0;

  /** @param onGone is called for each that was held, when it goes its way */
  constructor(watch: Watch, around: Surroundings, onGone: (outgoing: Outgoing, isInOrder: boolean) => void) {
    this.#watch = watch;
    this.#around = around;
    this.#let = onGone;
    this.#plain = watch.gate.isStrict ? new PlainLines(watch, around.asked) : undefined;
  }

  get hasInOrder(): boolean {
    return this.#inOrder !== undefined;
  }

  get hasOutOfOrder(): boolean {
    return this.#outOfOrder.size > 0;
  }

  get isFull(): boolean {
    return this.#outOfOrder.size >= MOST_HELD || this.#bytes >= MOST_HELD_BYTES;
  }

  /** @returns where the line ends that begins at `start` and surely passes; -1 where `decide` has to tell. See PlainLines */
  pass(line: LineBytes, start: number, end: number): number {
    return this.#plain === undefined ? -1 : this.#plain.pass(line, start, end);
  }

  /** @returns whether the line surely passes */
  lets(line: Buffer): boolean {
    return this.#plain?.lets(line) === true;
  }

  /** @returns "passes" when the line does so as it came, and nobody needs to know more */
  decide(line: Buffer, time: number): Outgoing | "passes" | "held" {
    const read = this.#watch.gate.isStrict ? strictLine(line, this.#watch) : gatedLine(line, this.#watch);
    if (read === undefined) return "passes";
    if ("refused" in read) return this.#refuse(read, line, time);
    const outcomes: (Outcome | undefined)[] = [];
    const deferred: Deferred[] = [];
    let allPass = true;
    for (const member of read.members) {
      const outcome = this.#outcome(member, outcomes.length, deferred);
      outcomes.push(outcome);
      allPass &&= outcome === undefined || outcome.verdict.action === "pass";
    }
    if (allPass && deferred.length === 0) {
      for (const member of read.members) this.#await(member);
      return "passes";
    }
    // An answer to an earlier request of the same id is none to what does not go on, or not yet.
    for (const { message } of read.members) if (message?.kind === "request") this.#around.asked.forget(message.id);
    if (deferred.length > 0) {
      this.#hold(read, line, time, outcomes, deferred);
      return "held";
    }
    return this.#outgoing(this.#settled(read, outcomes), line, time);
  }

  /**
   * What is held is observed as it came and goes no further.
   *
   * @param which all of it, or what waits for a person: the rest is decided soon
   */
  release(which: "all" | "for a person"): void {
    // What was read behind one may be held in its turn.
    for (let held = this.#heldLine(which); held !== undefined; held = this.#heldLine(which)) {
      const { bytes, time, line, questions } = held;
      for (const question of questions.values()) question.drop();
      questions.clear();
      const interceptions = line.members.map(() => NEVER_SENT);
      this.#letGo(held, { seen: bytes, send: undefined, time, interceptions });
    }
  }

  #heldLine(which: "all" | "for a person"): Held | undefined {
    const all = [...this.#outOfOrder, ...(this.#inOrder === undefined ? [] : [this.#inOrder])];
    if (which === "all") return all[0];
    return all.find(({ questions }) => questions.values().some(({ isForPerson }) => isForPerson));
  }

  /** Of each question about the message, until one is answered with more than that it may pass. */
  #outcome(member: Member, index: number, deferred: Deferred[]): Outcome | undefined {
    if (member.cancels !== undefined && this.#cancel(member.cancels)) return { verdict: CANCELLED, cancelled: true };
    if (member.refused !== undefined) return { verdict: member.refused };
    for (const question of member.questions) {
      const verdict = this.#judge(question);
      if (verdict.action === "pass") continue;
      if (verdict.action !== "defer") return { verdict };
      deferred.push([index, question, verdict]);
      return { verdict: PASS, text: verdict.text, by: verdict.by };
    }
    return undefined;
  }

  #refuse({ refused, reason }: Refused, seen: Buffer, time: number): Outgoing {
    const why = { by: "km", reason };
    const interception = { action: "blocked", ...why } as const;
    const outgoing: Outgoing = { seen, send: undefined, time, interceptions: [interception] };
    if (!endsLine(seen)) outgoing.isLast = true;
    const { id, isRequest } = addressed(refused);
    if (id === undefined) return outgoing;
    if (isRequest) {
      outgoing.seenBy = () => this.#around.answer(`${refusal(id, why)}\n`, [interception]);
      return outgoing;
    }
    const request = this.#around.awaited.answer(id);
    if (request === undefined) return outgoing;
    const forwarded = answerInPlace(request, id, this.#watch.direction, why);
    return { ...outgoing, send: Buffer.from(`${forwarded}\n`), interceptions: [{ ...interception, forwarded }] };
  }

  #judge(question: HeldMessage): Verdict | Deferral {
    try {
      return this.#around.gate.decide(question);
    } catch {
      return UNDECIDABLE; // a fault of its own does not give up what it stands for
    }
  }

  #await(member: Member): void {
    const request = awaitedAfter(member, member.text, this.#around.gate);
    if (request !== undefined && member.message?.kind === "request") this.#around.asked.add(member.message.id, request);
  }

  #hold(line: GatedLine, bytes: Buffer, time: number, outcomes: (Outcome | undefined)[], deferred: Deferred[]): void {
    const held: Held = { line, bytes: Buffer.from(bytes), time, outcomes, questions: new Map() };
    for (const [index, asked, deferral] of deferred) {
      const { value: _parsed, ...question } = asked;
      const { text = asked.text } = deferral;
      const waiting = this.#around.defer({ ...question, text }, deferral, (verdict) => {
        if (!held.questions.delete(index)) return;
        outcomes[index] = { ...outcomes[index], verdict };
        if (held.questions.size === 0) this.#settleHeld(held);
      });
      held.questions.set(index, waiting);
    }
    if (deferred.every(([, , { outOfOrder }]) => outOfOrder)) {
      this.#outOfOrder.add(held);
      this.#bytes += bytes.length;
    } else this.#inOrder = held;
  }

  /** @returns whether a request of this id was held, and is not any more */
  #cancel(id: string): boolean {
    for (const held of this.#outOfOrder) {
      for (const [index, question] of held.questions) {
        const message = held.line.members[index]?.message;
        if (message?.kind !== "request" || message.id !== id) continue;
        question.drop();
        held.questions.delete(index);
        held.outcomes[index] = { verdict: CANCELLED, cancelled: true };
        if (held.questions.size === 0) this.#settleHeld(held);
        return true;
      }
    }
    return false;
  }

  #settleHeld(held: Held): void {
    this.#letGo(held, this.#outgoing(this.#settled(held.line, held.outcomes), held.bytes, held.time));
  }

  #letGo(held: Held, outgoing: Outgoing): void {
    const isInOrder = held === this.#inOrder;
    if (isInOrder) this.#inOrder = undefined;
    else if (this.#outOfOrder.delete(held)) this.#bytes -= held.bytes.length;
    this.#let(outgoing, isInOrder);
  }

  #settled(line: GatedLine, outcomes: readonly (Outcome | undefined)[]): Settled {
    return settle(line, outcomes, this.#watch.direction, this.#around.gate);
  }

  #outgoing({ isUnchanged, forward, interceptions, ...rest }: Settled, seen: Uint8Array, time: number): Outgoing {
    const { answer, answered, awaited } = rest;
    for (const { id, request } of awaited) this.#around.asked.add(id, request);
    const send = isUnchanged ? seen : forward === undefined ? undefined : Buffer.from(forward);
    const outgoing: Outgoing = { seen, send, time, interceptions };
    if (!endsLine(seen)) outgoing.isLast = true;
    if (answer !== undefined) outgoing.seenBy = () => this.#around.answer(answer, answered);
    return outgoing;
  }
}

function endsLine(bytes: Uint8Array): boolean {
  return bytes.length === 0 || bytes.at(-1) === LINE_FEED;
}
