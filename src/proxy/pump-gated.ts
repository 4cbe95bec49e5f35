/**
 * A direction of a session with a gate, between what the streams pump reads and what it writes: cut into lines as far as
 * needed, held where the gate is concerned. The rules are in gate.ts.
 */
import { formatBytes } from "../config/units.ts";
import { monotonic } from "../process/monotonic.ts";
import type { Direction } from "../stream/event.ts";
import type { Backlog } from "./backlog.ts";
import { type HeldLine, heldLine, mayBeMessage, mayConcern, settle } from "./gate-line.ts";
import type { Gate } from "./gate.ts";
import type { HeldMessage, Verdict } from "../stream/verdict.ts";
import { Outlet } from "./outlet.ts";
import { type Channel, REQUEST, RESPONSE } from "./pump.ts";
import { sayLater } from "./say.ts";

/** A longer line passes undecided. */
const HELD_BYTES = 16 << 20;
const LINE_FEED = 10;
const NOTHING = new Uint8Array(0);

export type GatedPassages = readonly [request: GatedPassage, response: GatedPassage];

/** Both directions of a session; each puts its answers among the lines of the other. */
export function gatedPassages(
  gate: Gate,
  backlog: Backlog,
  toServer: Bun.FileSink,
  toClient: Bun.FileSink,
): GatedPassages {
  const request = new Outlet(toServer);
  const response = new Outlet(toClient);
  return [
    new GatedPassage("request", gate, backlog, request, response),
    new GatedPassage("response", gate, backlog, response, request),
  ];
}

export class GatedPassage {
  readonly #direction: Direction;
  readonly #channel: Channel;
  readonly #gate: Gate;
  readonly #backlog: Backlog;
  readonly #out: Outlet;
  readonly #back: Outlet;
  /** The beginning of a line whose end has not come yet. */
  readonly #begun = new Bun.ArrayBufferSink();
  #begunBytes = 0;
  /** A line passes piece by piece: it is over the limit, or no message. */
  #flows = false;
  /** What was read behind that and is not in the backlog. */
  #unseen: Uint8Array[] = [];
  #abandoned = false;

  constructor(direction: Direction, gate: Gate, backlog: Backlog, out: Outlet, back: Outlet) {
    this.#direction = direction;
    this.#channel = direction === "request" ? REQUEST : RESPONSE;
    this.#gate = gate;
    this.#backlog = backlog;
    this.#out = out;
    this.#back = back;
    this.#begun.start({ asUint8Array: true, stream: true });
  }

  /**
   * Resolves when the lines that end in these bytes have gone their way.
   *
   * @throws when nobody reads the other end
   */
  async pass(chunk: Uint8Array): Promise<void> {
    const time = monotonic();
    let from = 0;
    if (this.#flows || this.#begunBytes > 0) {
      from = chunk.indexOf(LINE_FEED) + 1 || chunk.length;
      await this.#goOn(chunk.subarray(0, from), chunk.subarray(from), time);
    }
    let at = from;
    for (let end = chunk.indexOf(LINE_FEED, at); end >= 0; end = chunk.indexOf(LINE_FEED, at)) {
      const line = chunk.subarray(at, end + 1);
      const held = heldLine(line, this.#direction, this.#gate);
      if (held !== undefined) {
        await this.#forward(chunk.subarray(from, at), chunk.subarray(at), time);
        await this.#hold(held, line, chunk.subarray(end + 1), time);
        from = end + 1;
      }
      at = end + 1;
    }
    await this.#forward(chunk.subarray(from, at), chunk.subarray(at), time);
    if (at < chunk.length) await this.#goOn(chunk.subarray(at), NOTHING, time);
  }

  /**
   * The source has ended: what is left without a line feed is a line.
   *
   * @throws when nobody reads the other end
   */
  async end(): Promise<void> {
    if (this.#begunBytes > 0) await this.#line(this.#takeBegun(), NOTHING, monotonic());
    await this.#out.end();
  }

  /** The other end is gone, or closed: km puts nothing in there any more. */
  close(): void {
    this.#out.close();
  }

  /** Nothing more is forwarded. What was read is observed as it came, although its receiver never got it. */
  abandon(): void {
    this.#abandoned = true;
    for (const bytes of [this.#takeBegun(), ...this.#unseen]) {
      if (bytes.length > 0) this.#backlog.put(this.#channel, bytes);
    }
  }

  /**
   * A part of a line that began before, or begins and does not end.
   *
   * @param piece ends with the line feed if the line does
   */
  async #goOn(piece: Uint8Array, rest: Uint8Array, time: number): Promise<void> {
    const ends = piece.at(-1) === LINE_FEED;
    if (this.#begunBytes === 0 && !mayBeMessage(piece)) this.#flows = true;
    if (this.#flows) await this.#forward(piece, rest, time);
    else {
      this.#begun.write(piece);
      this.#begunBytes += piece.length;
      this.#unseen = [rest];
      if (this.#begunBytes > HELD_BYTES) {
        this.#flows = true;
        const beginning = this.#takeBegun();
        if (mayConcern(beginning, this.#direction, this.#gate)) {
          sayLater(`km: A message over ${formatBytes(HELD_BYTES)} passed without being held for a decision about it`);
        }
        await this.#forward(beginning, rest, time);
      } else if (ends) await this.#line(this.#takeBegun(), rest, time);
    }
    if (ends) this.#flows = false;
  }

  async #line(line: Uint8Array, rest: Uint8Array, time: number): Promise<void> {
    const held = heldLine(line, this.#direction, this.#gate);
    if (held === undefined) await this.#forward(line, rest, time);
    else await this.#hold(held, line, rest, time);
  }

  /** @param rest what was read behind it */
  async #forward(bytes: Uint8Array, rest: Uint8Array, time: number): Promise<void> {
    if (bytes.length === 0 || this.#abandoned) return;
    this.#unseen = [bytes, rest];
    await this.#out.send(bytes, async () => {
      await this.#backlog.add(this.#channel, bytes, time);
      this.#unseen = [rest];
    });
  }

  async #hold(held: HeldLine, bytes: Uint8Array, rest: Uint8Array, time: number): Promise<void> {
    this.#unseen = [bytes, rest];
    const verdicts = await Promise.all(held.members.map(async ({ asked }) => await this.#decide(asked?.question)));
    if (this.#abandoned) return;
    const settled = settle(held, verdicts);
    if (settled === undefined) return await this.#forward(bytes, rest, time);
    const { forward, interceptions, answer, answered } = settled;
    const publish = async () => {
      await this.#backlog.add(this.#channel, bytes, time, interceptions);
      this.#unseen = [rest];
    };
    if (forward === undefined) await publish();
    else await this.#out.send(Buffer.from(forward), publish);
    if (answer === undefined) return;
    const line = Buffer.from(answer);
    const answering = this.#channel === REQUEST ? RESPONSE : REQUEST;
    await this.#back.insert(line, () => this.#backlog.add(answering, line, monotonic(), answered));
  }

  async #decide(question: HeldMessage | undefined): Promise<Verdict> {
    if (question === undefined) return { action: "pass" };
    try {
      return await this.#gate.decide(question);
    } catch {
      // A gate never rejects. If one does, what it stood for is not given up.
      return { action: "block", by: "km", reason: "it could not be decided about" };
    }
  }

  #takeBegun(): Uint8Array {
    if (this.#begunBytes === 0) return NOTHING;
    this.#begunBytes = 0;
    const bytes = this.#begun.flush();
    return bytes instanceof Uint8Array ? bytes : NOTHING;
  }
}
