/** What the streams pump has read and the observer has not seen: bounded, in the order in which it was read. */
import { monotonic } from "../process/monotonic.ts";
import { pause } from "../process/pause.ts";
import { type Channel, STALL_MS, type Visitor } from "./pump.ts";
import type { Interceptions } from "./gate/settle.ts";

/** How much may wait for the observer before reading pauses. */
const WAITING_BYTES = 4 << 20;
/** How long after the first unobserved chunk the observer is told. */
const TELL_MS = 5;

interface Waiting {
  channel: Channel;
  bytes: Uint8Array;
  time: number;
  interceptions: Interceptions | undefined;
}

export class Backlog {
  readonly #tell: () => void;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #missed = 0;
  /** Channels with bytes that were missed and not yet reported as a gap. */
  readonly #gaps = new Set<Channel>();
  #room = Promise.withResolvers<void>();
  #told = false;

  /** @param tell asks for `drain` */
  constructor(tell: () => void) {
    this.#tell = tell;
  }

  get missedBytes(): number {
    return this.#missed;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  /** Waits for room, but not for ever. See `Visitor` for the parameters. */
  async add(channel: Channel, bytes: Uint8Array, time?: number, interceptions?: Interceptions): Promise<void> {
    if (this.#bytes >= WAITING_BYTES) await Promise.race([this.#room.promise, pause(STALL_MS)]);
    this.put(channel, bytes, time, interceptions);
  }

  /** Without waiting: where there is no room, the bytes are counted as missed. */
  put(channel: Channel, bytes: Uint8Array, time = monotonic(), interceptions?: Interceptions): void {
    if (this.#bytes >= WAITING_BYTES) {
      this.#missed += bytes.length;
      this.#gaps.add(channel);
      return;
    }
    this.#waiting.push({ channel, bytes, time, interceptions });
    this.#bytes += bytes.length;
    if (this.#told) return;
    this.#told = true;
    setTimeout(this.#tell, TELL_MS);
  }

  drain(visitor: Visitor): void {
    this.#told = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    for (const { channel, bytes, time, interceptions } of waiting) {
      if (interceptions !== undefined) visitor.note(channel, interceptions);
      if (bytes.length > 0) visitor.chunk(channel, bytes, time);
      else visitor.gap(channel, time);
    }
    for (const channel of this.#gaps) visitor.gap(channel, monotonic());
    this.#gaps.clear();
    this.#room.resolve();
    this.#room = Promise.withResolvers<void>();
  }
}
