/**
 * `PlainLines`: lets pass at once what nearly all lines are under a strict gate: calls of which the gate has said that they
 * pass, notifications that do not concern it, and answers that it does not want to see. All others have to be decided about.
 * No I/O.
 */
import { LineBytes } from "../../wire/line-bytes.ts";
import { PlainMessage } from "../../wire/plain-message.ts";
import type { Awaited, AwaitedAnswers } from "./awaited-answers.ts";
import { awaitedBy, CANCELLED, type Watch } from "./gated-line.ts";
import type { Gate } from "./gate.ts";

/** What is known of the calls of a tool. */
interface KnownTool {
  name: Buffer;
  shortcut: ReturnType<Gate["shortcut"]>;
  /** Undefined where the gate wants to see the answer, and the call with it. */
  awaited: Awaited | undefined;
}

const CALL = "tools/call";
/** A session has few tools; one that makes them up shall not fill the memory. */
const MOST_KNOWN = 1000;

export class PlainLines {
  readonly #watch: Watch;
  readonly #asked: AwaitedAnswers;
  readonly #message = new PlainMessage();
  readonly #tools = new Map<string, KnownTool>();
  #latestTool: KnownTool | undefined;
  /** Of a notification that does not concern the gate. */
  #latestMethod: Buffer | undefined;
  #latest: LineBytes | undefined;

  /** @param asked takes the requests that pass */
  constructor(watch: Watch, asked: AwaitedAnswers) {
    this.#watch = watch;
    this.#asked = asked;
  }

  /**
   * Notes which requests are answered, and which have to be.
   *
   * @param line has a line at `start`
   * @param end behind a line feed, of this line or a later one
   * @returns where the line ends that passes as it came; -1 where it has to be decided about
   */
  pass(line: LineBytes, start: number, end: number): number {
    const message = this.#message;
    const behind = message.read(line, start, end);
    if (behind < 0) return -1;
    switch (message.kind) {
      case "answer":
        return this.#letsAnswer(behind - start) ? behind : -1;
      case "call":
        return this.#letsCall() ? behind : -1;
      case "notification":
        return this.#letsNotification() ? behind : -1;
    }
  }

  /** As `pass`. @returns whether the line passes that this is, with its ending */
  lets({ buffer, byteOffset, length }: Buffer): boolean {
    // Lines that come together stand in the same memory.
    if (this.#latest?.memory !== buffer) this.#latest = new LineBytes(buffer);
    return this.pass(this.#latest, byteOffset, byteOffset + length) === byteOffset + length;
  }

  #letsAnswer(length: number): boolean {
    const request = this.#watch.awaited.answer(this.#message.id);
    return request !== undefined && length < request.leastBytes;
  }

  #letsCall(): boolean {
    const { direction, gate } = this.#watch;
    if (direction !== "request") return false;
    const message = this.#message;
    const { shortcut, awaited } = this.#toolOf(message);
    if (shortcut?.passes(message) !== true) return false;
    this.#asked.add(message.id, awaited ?? awaitedBy(CALL, message.name, message.text, gate));
    return true;
  }

  #letsNotification(): boolean {
    const message = this.#message;
    if (this.#latestMethod !== undefined && message.isNamed(this.#latestMethod)) return true;
    const method = message.name;
    const { direction, gate } = this.#watch;
    if (method === CANCELLED || gate.concerns(direction, method)) return false;
    this.#latestMethod = Buffer.from(method, "latin1");
    return true;
  }

  #toolOf(message: PlainMessage): KnownTool {
    if (this.#latestTool !== undefined && message.isNamed(this.#latestTool.name)) return this.#latestTool;
    const { name } = message;
    return (this.#latestTool = this.#tools.get(name) ?? this.#learn(name));
  }

  #learn(tool: string): KnownTool {
    const { gate } = this.#watch;
    const awaited = gate.concernsAnswer(CALL, tool) ? undefined : awaitedBy(CALL, tool, "", gate);
    const known = { name: Buffer.from(tool, "latin1"), shortcut: gate.shortcut(tool), awaited };
    if (this.#tools.size < MOST_KNOWN) this.#tools.set(tool, known);
    return known;
  }
}
