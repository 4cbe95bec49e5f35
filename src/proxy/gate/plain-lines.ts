/**
 * `PlainLines`: lets pass at once what nearly all lines are under a strict gate: calls of which the gate has said that they
 * pass, and answers that it does not want to see. All others have to be decided about. No I/O.
 */
import { PlainMessage } from "../../wire/plain-message.ts";
import type { Awaited, AwaitedAnswers } from "./awaited-answers.ts";
import { awaitedBy, type Watch } from "./gated-line.ts";
import type { Gate } from "./gate.ts";

/** What is known of the calls of a tool. */
interface KnownTool {
  name: Buffer;
  shortcut: ReturnType<Gate["shortcut"]>;
  /** Undefined where the gate wants to see the answer, and the call with it. */
  awaited: Awaited | undefined;
}

const CALL = "tools/call";
/** To parse longer lines is quicker than to walk through them. */
const LONGEST = 1 << 14;
/** A session has few tools; one that makes them up shall not fill the memory. */
const MOST_KNOWN = 1000;

export class PlainLines {
  readonly #watch: Watch;
  readonly #asked: AwaitedAnswers;
  readonly #message = new PlainMessage();
  readonly #known = new Map<string, KnownTool>();
  #latest: KnownTool | undefined;

  /** @param asked takes the requests that pass */
  constructor(watch: Watch, asked: AwaitedAnswers) {
    this.#watch = watch;
    this.#asked = asked;
  }

  /** @returns whether the line passes as it came. Notes which requests are answered, and which have to be. */
  lets(bytes: Buffer, start: number, end: number): boolean {
    if (end - start > LONGEST || !this.#message.read(bytes, start, end)) return false;
    return this.#message.kind === "answer" ? this.#letAnswer(end - start) : this.#letCall();
  }

  #letAnswer(length: number): boolean {
    const request = this.#watch.awaited.answer(this.#message.id);
    return request !== undefined && length < request.leastBytes;
  }

  #letCall(): boolean {
    const { direction, gate } = this.#watch;
    if (direction !== "request") return false;
    const message = this.#message;
    const { shortcut, awaited } = this.#toolOf(message);
    if (shortcut?.passes(message) !== true) return false;
    this.#asked.add(message.id, awaited ?? awaitedBy(CALL, message.tool, message.text, gate));
    return true;
  }

  #toolOf(message: PlainMessage): KnownTool {
    if (this.#latest !== undefined && message.isTool(this.#latest.name)) return this.#latest;
    const { tool } = message;
    return (this.#latest = this.#known.get(tool) ?? this.#learn(tool));
  }

  #learn(tool: string): KnownTool {
    const { gate } = this.#watch;
    const awaited = gate.concernsAnswer(CALL, tool) ? undefined : awaitedBy(CALL, tool, "", gate);
    const known = { name: Buffer.from(tool, "latin1"), shortcut: gate.shortcut(tool), awaited };
    if (this.#known.size < MOST_KNOWN) this.#known.set(tool, known);
    return known;
  }
}
