/** `GatedFlow`: a direction of the poll pump with a gate, from a descriptor that is read to one that is written. */
import { ptr } from "bun:ffi";
import { type Libc, mayTryAgain, type Output, writeTo } from "../../process/libc.ts";
import { monotonic } from "../../process/monotonic.ts";
import { LineBytes } from "../../wire/line-bytes.ts";
import type { GatedPassage } from "./gated-passage.ts";
import type { Outgoing } from "./held-lines.ts";
import type { PollFlow } from "../poll-flow.ts";
import { type Channel, TIMED_EVERY_MS } from "../pump.ts";
import type { Ring, RingWriter } from "../ring.ts";

/** The most to read, to observe and to write at once. */
const PIECE_BYTES = 1 << 17;
/** Room in the ring for most messages. */
const MUCH_ROOM = 1 << 14;

export class GatedFlow implements PollFlow {
  readonly channel: Channel;
  source: number;
  output: Output | undefined;
  pending = 0;
  stuckSince = 0;
  starved = false;
  allowance = Infinity;
  readonly #passage: GatedPassage;
  readonly #libc: Libc;
  readonly #ring: Ring;
  readonly #writer: RingWriter;
  /** What is read goes here: its parts may have to stay until others have been written. */
  readonly #input = Buffer.from(new ArrayBuffer(PIECE_BYTES));
  readonly #inputAt = ptr(this.#input);
  /** What is written and not in the ring lies here. */
  readonly #scratch = new Uint8Array(new ArrayBuffer(PIECE_BYTES));
  readonly #scratchAt = Number(ptr(this.#scratch));
  /** The ring's memory, and where the channel's part begins in it: as a place there, and as an address. */
  readonly #memory: LineBytes;
  readonly #ringStart: number;
  readonly #ringAt: number;
  /** An address within the ring, or within the scratch. */
  #pendingAt = 0;
  #hasEnded = false;
  /** Being observed and written, and how far: of its note, of what is seen, of what is sent. */
  #going: Outgoing | undefined;
  #note: Uint8Array | undefined;
  #seen = 0;
  #isSeen = false;
  #sent = 0;
  /** The observer stands still: what it has no room for is not observed. */
  #isUnobserved = false;
  #timedAt = -Infinity;
  #isTimed = false;

  constructor(libc: Libc, ring: Ring, writer: RingWriter, passage: GatedPassage, source: number, output: Output) {
    this.#libc = libc;
    this.#ring = ring;
    this.#writer = writer;
    this.#passage = passage;
    this.channel = passage.channel;
    this.source = source;
    this.output = output;
    const { buffer, byteOffset } = ring.data[this.channel];
    this.#memory = new LineBytes(buffer);
    this.#ringStart = byteOffset;
    this.#ringAt = Number(ptr(ring.data[this.channel]));
  }

  get hasRoom(): boolean {
    return this.#writer.room(this.channel, PIECE_BYTES) > 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** It could go on at once: the other direction has put something in. */
  get canAdvance(): boolean {
    return this.pending === 0 && !this.starved && this.#passage.hasNext;
  }

  get isBusy(): boolean {
    return this.pending > 0 || this.#going !== undefined || this.#passage.hasNext;
  }

  prepare(): "reads" | "waits" | "over" | "lost" {
    if (this.#isIdle && this.allowance === Infinity) return this.source < 0 ? "waits" : "reads";
    if (this.allowance !== Infinity) this.#passage.releaseApprovals();
    if (!this.#advance()) return "lost";
    if (this.source < 0 || this.isBusy) return "waits";
    if (this.#hasEnded) return this.#passage.isOver ? "over" : "waits";
    return this.#passage.mayRead ? "reads" : "waits";
  }

  read(): "going on" | "ended" | "lost" {
    const room = this.#writer.room(this.channel, PIECE_BYTES);
    const offset = this.#writer.offset(this.channel);
    // What passes at once is observed and written where it was read to, as behind no gate.
    const inRing = room >= MUCH_ROOM;
    const length = inRing
      ? this.#libc.read(this.source, this.#ringAt + offset, room)
      : this.#libc.read(this.source, this.#inputAt, PIECE_BYTES);
    if (length <= 0) {
      if (length < 0 && mayTryAgain(this.#libc)) return "going on";
      return this.end() ? "ended" : "going on";
    }
    const now = monotonic();
    this.allowance -= length;
    this.#isTimed = now - this.#timedAt >= TIMED_EVERY_MS;
    if (this.#isTimed) this.#timedAt = now;
    const start = this.#ringStart + offset;
    const passing = inRing ? this.#passage.lets(this.#memory, start, start + length, now) - start : 0;
    if (passing > 0) {
      this.#writer.publish(this.channel, passing, now);
      this.#pendingAt = this.#ringAt + offset;
      this.pending = passing;
    }
    if (passing < length) {
      if (inRing) this.#memory.bytes.copy(this.#input, 0, start + passing, start + length);
      this.#passage.push(this.#input.subarray(0, length - passing), now);
    }
    // Otherwise poll has to be asked first.
    const mayWrite = passing > 0 && (this.output === undefined || this.output.limit === Infinity);
    if (mayWrite && !this.write()) return "lost";
    return passing === length || this.#advance() ? "going on" : "lost";
  }

  write(): boolean {
    const { output } = this;
    if (output === undefined) {
      this.pending = 0;
      return true;
    }
    const written = writeTo(this.#libc, output, this.#pendingAt, this.pending);
    if (written <= 0) return written === 0;
    this.#pendingAt += written;
    this.pending -= written;
    if (this.#isTimed && this.#isIdle) this.#endTime();
    return true;
  }

  end(): boolean {
    this.#hasEnded = true;
    this.#passage.end(monotonic());
    return this.#passage.isOver && !this.isBusy;
  }

  discard(): void {
    this.pending = 0;
    this.#isTimed = false;
    this.#hasEnded = true;
    this.#passage.abandon();
    if (this.#going !== undefined) this.#going = { ...this.#going, send: undefined };
  }

  goOnUnobserved(): boolean {
    this.#isUnobserved = true;
    return false;
  }

  /** Nothing is under way. */
  get #isIdle(): boolean {
    return this.pending === 0 && this.#going === undefined && this.#passage.isIdle;
  }

  #endTime(): void {
    this.#isTimed = false;
    this.#ring.held.add(monotonic() - this.#timedAt);
  }

  /**
   * Goes on with what there is until it would have to wait.
   *
   * @returns false when nobody reads the destination
   */
  #advance(): boolean {
    this.starved = false;
    while (this.pending === 0 && this.#stage()) {
      // Poll has to be asked first.
      if (this.pending > 0 && this.output !== undefined && this.output.limit !== Infinity) break;
      if (this.pending > 0 && !this.write()) return false;
    }
    this.#isUnobserved = false;
    return true;
  }

  /** The next piece, to be written if it is pending then. @returns false when there is none, or no room to observe it */
  #stage(): boolean {
    const going = this.#going ?? this.#take();
    if (going === undefined) return false;
    if (this.#note !== undefined) return this.#publishNote(this.#note);
    const { seen, send } = going;
    if (this.#seen < seen.length) return this.#publish(seen, send);
    if (!this.#isSeen) this.#endSeen(going);
    if (send !== undefined && send !== seen && this.#sent < send.length) {
      this.#sent += this.#putAside(send.subarray(this.#sent));
      return true;
    }
    this.#going = undefined;
    return true;
  }

  #endSeen({ isLast, time, seenBy }: Outgoing): void {
    this.#isSeen = true;
    if (isLast) this.#writer.publishEnd(this.channel, time);
    seenBy?.();
  }

  #take(): Outgoing | undefined {
    const next = this.#passage.next();
    if (next === undefined) {
      // What is held for somebody else to decide is not held by the pump.
      if (this.#isTimed && this.#passage.mayRead) this.#endTime();
      this.#isTimed = false;
      return undefined;
    }
    this.#going = next;
    this.#note = next.interceptions === undefined ? undefined : Buffer.from(JSON.stringify(next.interceptions));
    this.#seen = 0;
    this.#isSeen = false;
    this.#sent = 0;
    return next;
  }

  #publishNote(note: Uint8Array): boolean {
    const { channel } = this;
    const room = this.#writer.room(channel, Math.min(note.length, PIECE_BYTES));
    if (room === 0) {
      if (!this.#isUnobserved) return this.#starve();
      this.#note = undefined;
      this.#writer.miss(channel, 0); // the reader may have the beginning of it
      return true;
    }
    this.#ring.data[channel].set(note.subarray(0, room), this.#writer.offset(channel));
    this.#writer.publishNote(channel, room, room === note.length, this.#going?.time ?? 0);
    this.#note = room === note.length ? undefined : note.subarray(room);
    return true;
  }

  /** What goes on as it came does so from the ring, piece by piece; anything else is seen whole before it is sent. */
  #publish(seen: Uint8Array, send: Uint8Array | undefined): boolean {
    const { channel } = this;
    const rest = this.#seen === 0 ? seen : seen.subarray(this.#seen);
    const room = this.#writer.room(channel, Math.min(rest.length, PIECE_BYTES));
    if (room === 0) {
      if (!this.#isUnobserved) return this.#starve();
      const length = Math.min(rest.length, PIECE_BYTES);
      this.#writer.miss(channel, length);
      if (send === seen) this.#putAside(rest);
      this.#seen += length;
      return true;
    }
    const offset = this.#writer.offset(channel);
    this.#ring.data[channel].set(room === rest.length ? rest : rest.subarray(0, room), offset);
    this.#writer.publish(channel, room, this.#going?.time ?? 0);
    this.#seen += room;
    if (send !== seen) return true;
    this.#pendingAt = this.#ringAt + offset;
    this.pending = room;
    return true;
  }

  #starve(): false {
    this.starved = true;
    return false;
  }

  /** @returns how much of it can be written now */
  #putAside(bytes: Uint8Array): number {
    const length = Math.min(bytes.length, PIECE_BYTES);
    this.#scratch.set(bytes.subarray(0, length));
    this.#pendingAt = this.#scratchAt;
    this.pending = length;
    return length;
  }
}
