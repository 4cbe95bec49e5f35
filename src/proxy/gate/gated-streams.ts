/** `GatedStreams`: both directions of a session with a gate on the streams pump. */
import { monotonic } from "../../process/monotonic.ts";
import type { Backlog } from "../backlog.ts";
import type { GatedPassage } from "./gated-passage.ts";
import type { Outgoing } from "./held-lines.ts";
import { GatedTraffic } from "./gated-traffic.ts";
import type { Gate, Referee } from "./gate.ts";
import { hasReader } from "./has-reader.ts";
import { REQUEST, type RESPONSE } from "../pump.ts";
import { Referral } from "./referral.ts";
import { writeThrough } from "../write-through.ts";

/** How often it is asked whether a client that closed its end still reads. */
const WATCH_MS = 500;
const NOTHING = new Uint8Array(0);

export class GatedStreams {
  readonly #traffic: GatedTraffic;
  readonly #referral: Referral;
  readonly #sides: readonly [request: Side, response: Side];
  #isFinal = false;

  constructor(gate: Gate, referee: Referee, backlog: Backlog, toServer: Bun.FileSink, toClient: Bun.FileSink) {
    this.#traffic = new GatedTraffic(gate, (message) => this.#referral.take(message));
    this.#referral = new Referral(referee, (message) => {
      this.#traffic.tell(message);
      this.#goOn();
    });
    const { request, response } = this.#traffic;
    const changed = (): void => {
      this.#goOn();
      for (const side of this.#sides) side.wake();
    };
    this.#sides = [new Side(request, backlog, toServer, changed), new Side(response, backlog, toClient, changed)];
  }

  /**
   * Resolves when more may be read.
   *
   * @throws when nobody reads the other end
   */
  async pass(channel: typeof REQUEST | typeof RESPONSE, chunk: Uint8Array): Promise<void> {
    const side = this.#sides[channel];
    side.passage.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length), monotonic());
    this.#goOn();
    await side.until(() => side.passage.mayRead);
  }

  /**
   * The source has ended. Resolves when all of it has gone its way.
   *
   * @param onClientGone is called when the client that closed its end does not read any more either
   * @throws when nobody reads the other end
   */
  async end(channel: typeof REQUEST | typeof RESPONSE, onClientGone: () => void): Promise<void> {
    const side = this.#sides[channel];
    side.passage.end(monotonic());
    this.#goOn();
    const watching = channel === REQUEST ? setInterval(() => this.#watchClient(onClientGone), WATCH_MS) : undefined;
    try {
      await side.until(() => side.passage.isOver);
    } finally {
      clearInterval(watching);
    }
  }

  /** The server is gone: nobody is asked any more about what it wrote. */
  finish(): void {
    this.#isFinal = true;
    this.#goOn();
  }

  /** The server takes nothing more. */
  closeServerInput(): void {
    this.#traffic.request.abandon();
    this.#goOn();
  }

  /** Resolves when all that was read has been handed to the observer. */
  async abandon(): Promise<void> {
    this.#referral.end();
    this.#traffic.abandon();
    this.#goOn();
    await Promise.all(this.#sides.map((side) => side.rest()));
  }

  /** Only who writes learns from a stream that nobody reads, and while a call waits there may be nothing to write. */
  #watchClient(onClientGone: () => void): void {
    const [, response] = this.#sides;
    if (response.isBroken || hasReader(1)) return;
    response.break();
    onClientGone();
  }

  #goOn(): void {
    if (this.#isFinal) this.#traffic.response.releaseApprovals();
    for (const side of this.#sides) side.goOn();
  }
}

class Side {
  readonly passage: GatedPassage;
  readonly #backlog: Backlog;
  readonly #sink: Bun.FileSink;
  readonly #changed: () => void;
  #isWriting = false;
  isBroken = false;
  #wake = Promise.withResolvers<void>();

  constructor(passage: GatedPassage, backlog: Backlog, sink: Bun.FileSink, changed: () => void) {
    this.passage = passage;
    this.#backlog = backlog;
    this.#sink = sink;
    this.#changed = changed;
  }

  wake(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Nobody reads the other end. */
  break(): void {
    this.isBroken = true;
    this.passage.abandon();
    this.goOn();
    this.wake();
  }

  /** Observes and sends what there is. */
  goOn(): void {
    if (!this.#isWriting && this.passage.hasNext) void this.#write();
  }

  /** @throws when nobody reads the other end */
  async until(condition: () => boolean): Promise<void> {
    while (this.#isWriting || !(this.isBroken || condition())) await this.#wake.promise;
    if (this.isBroken) throw new Error("nobody reads");
  }

  async rest(): Promise<void> {
    while (this.#isWriting) await this.#wake.promise;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    for (let next = this.passage.next(); next !== undefined; next = this.passage.next()) await this.#carry(next);
    this.#isWriting = false;
    this.#changed();
  }

  async #carry(outgoing: Outgoing): Promise<void> {
    const { seen, time, interceptions, isLast } = outgoing;
    const { channel } = this.passage;
    if (seen.length > 0) await this.#backlog.add(channel, seen, time, interceptions);
    if (isLast) await this.#backlog.add(channel, NOTHING, time);
    outgoing.seenBy?.();
    this.#changed();
    const { send } = outgoing; // the session may have ended meanwhile
    if (send === undefined || this.isBroken) return;
    try {
      await writeThrough(send, this.#sink);
    } catch {
      this.break();
    }
  }
}
