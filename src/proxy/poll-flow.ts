/** `Flow`: one direction of the poll pump, from a descriptor that is read to one that is written. */
import { ptr } from "bun:ffi";
import { type Libc, mayTryAgain, type Output, writeTo } from "../process/libc.ts";
import { monotonic } from "../process/monotonic.ts";
import { type Channel, STDERR, TIMED_EVERY_MS } from "./pump.ts";
import type { Ring, RingWriter } from "./ring.ts";

/** The most to read at once: enough for bulk, little enough for the processor's cache. */
const READ_BYTES = 1 << 17;

/** What the loop knows of a direction: a plain one (`Flow`), or one with a gate (gated-flow.ts). */
export interface PollFlow {
  readonly channel: Channel;
  /** -1 when there is nothing more to read. */
  source: number;
  /** Undefined when nobody takes the bytes any more. */
  output: Output | undefined;
  /** How many bytes wait to be written. Nothing is read while there are any. */
  readonly pending: number;
  /** Since when the destination has taken nothing of what is pending; 0 when it takes. */
  stuckSince: number;
  /** It waits for the observer to free space in the ring. */
  readonly starved: boolean;
  /** How many bytes may still be read: finite once the server has ended. */
  allowance: number;
  /** Whether bytes that were read now could be observed. */
  readonly hasRoom: boolean;
  /** The source has ended, although not all of it has gone its way. */
  readonly hasEnded: boolean;
  /** Before poll is asked: whether it shall be asked to read; or all is over; or nobody reads the destination. */
  prepare(): "reads" | "waits" | "over" | "lost";
  /**
   * Reads once, and writes what came unless poll has to be asked first.
   *
   * @returns "ended" when the source has, "lost" when nobody reads the destination
   */
  read(): "going on" | "ended" | "lost";
  /** @returns false when nobody reads the destination */
  write(): boolean;
  /** The source brings nothing more. @returns whether all of it has gone its way */
  end(): boolean;
  /** What is pending goes nowhere any more. */
  discard(): void;
  /** The observer stands still: this goes on without it. @returns whether it shall be read for that */
  goOnUnobserved(): boolean;
}

export class Flow implements PollFlow {
  readonly channel: Channel;
  source: number;
  output: Output | undefined;
  pending = 0;
  stuckSince = 0;
  starved = false;
  allowance = Infinity;
  readonly hasEnded = false;
  readonly #libc: Libc;
  readonly #ring: Ring;
  readonly #writer: RingWriter;
  /** Addresses: of the channel's ring, and of what is pending, in the ring or in the scratch. */
  readonly #ringAt: number;
  #pendingAt = 0;
  /** When the last chunk was read that was timed, and whether it is the pending one. */
  #timedAt: number;
  #isTimed = false;
  /** Where bytes go while the observer stands still. */
  #scratch: Uint8Array<ArrayBuffer> | undefined;

  constructor(libc: Libc, ring: Ring, writer: RingWriter, channel: Channel, source: number, output: Output) {
    this.#libc = libc;
    this.#ring = ring;
    this.#writer = writer;
    this.channel = channel;
    this.source = source;
    this.output = output;
    this.#ringAt = Number(ptr(ring.data[channel]));
    this.#timedAt = channel === STDERR ? Infinity : -Infinity; // what is no message is never timed
  }

  get hasRoom(): boolean {
    return this.#writer.room(this.channel, READ_BYTES) > 0;
  }

  prepare(): "reads" | "waits" {
    const reads = this.source >= 0 && this.pending === 0;
    this.starved = reads && !this.hasRoom;
    return reads && !this.starved ? "reads" : "waits";
  }

  read(): "going on" | "ended" | "lost" {
    const { channel } = this;
    const room = this.#writer.room(channel, READ_BYTES);
    const at = room > 0 ? this.#ringAt + this.#writer.offset(channel) : this.#scratchAt();
    const length = this.#libc.read(this.source, at, room > 0 ? room : READ_BYTES);
    if (length <= 0) return length < 0 && mayTryAgain(this.#libc) ? "going on" : "ended";
    const now = monotonic();
    this.allowance -= length;
    // Published before it is written: the answer cannot be observed before its request.
    if (room > 0) this.#writer.publish(channel, length, now);
    else this.#writer.miss(channel, length);
    this.#pendingAt = at;
    this.pending = length;
    this.#isTimed = now - this.#timedAt >= TIMED_EVERY_MS;
    if (this.#isTimed) this.#timedAt = now;
    const mayBlock = this.output !== undefined && this.output.limit !== Infinity;
    return mayBlock || this.write() ? "going on" : "lost";
  }

  write(): boolean {
    const { output } = this;
    if (output === undefined) {
      this.pending = 0;
      return true;
    }
    const written = writeTo(this.#libc, output, this.#pendingAt, this.pending);
    if (written <= 0) return written === 0;
    this.stuckSince = 0;
    this.#pendingAt += written;
    this.pending -= written;
    if (this.#isTimed && this.pending === 0) this.#ring.held.add(monotonic() - this.#timedAt);
    return true;
  }

  end(): boolean {
    return true;
  }

  discard(): void {
    this.pending = 0;
  }

  goOnUnobserved(): boolean {
    return true;
  }

  /** Of its own, since its bytes may be pending. */
  #scratchAt(): number {
    this.#scratch ??= new Uint8Array(new ArrayBuffer(READ_BYTES));
    return Number(ptr(this.#scratch));
  }
}
