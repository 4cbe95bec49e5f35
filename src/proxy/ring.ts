/**
 * The buffer between the pump and the observer: shared memory with one writer and one reader, no locks.
 *
 * Each channel has a ring of bytes that doubles as the pump's read buffer: bytes are read from the descriptor straight
 * into it and written to the other side from there, so that observing costs the pump no copy. A log of chunks beside
 * the rings says in which order and when the chunks of all channels were read: the reader sees a request before its
 * answer because the pump did.
 *
 * Positions count up for ever and wrap at 2^32; sizes are powers of two, so a position's place is `position & mask`,
 * and `(a - b) >>> 0` is the distance between two. A chunk never wraps around the end of its ring.
 */
import type { Interception } from "../stream/event.ts";
import { LATEST_TIMES_WORDS, LatestTimes } from "./latest-times.ts";
import type { Channel, Visitor } from "./pump.ts";
import type { Interceptions } from "./gate/settle.ts";

export const CHANNELS: readonly Channel[] = [0, 1, 2];

/** Some large messages fit, so that their sender need not wait for the observer. Pages never used take no memory. */
const RING_BYTES = [4 << 20, 8 << 20, 1 << 18] as const;
const LOG_ENTRIES = 1 << 13;
/** For what goes with a chunk: a gap of each channel, the end of a line. */
const SPARE_ENTRIES = 2 * CHANNELS.length;

/** Words of the control area. */
const TAIL = 0; // three: how far the reader has freed each ring
const LOG_HEAD = 3;
/** How far the reader has come in the log. */
export const LOG_TAIL = 4;
/** The writer has told the reader that there is something. */
export const NOTIFIED = 5;
/** The writer wants to be woken when the reader frees space. */
export const STARVED = 6;
/** Commands to the pump, see COMMAND_*. */
export const COMMAND = 7;
/** The writer has bytes that the client does not take. */
export const CLIENT_BEHIND = 8;
const CONTROL_WORDS = 16;

export const COMMAND_CLOSE_SERVER_INPUT = 1;
/** What is in the pipes is still forwarded, but nothing is waited for any more. */
export const COMMAND_FINISH = 2;
export const COMMAND_STOP = 4;
/** What a gate holds, or has not sent yet, is handed to the observer and goes no further. */
export const COMMAND_ABANDON = 8;

/** Everything that both sides share, in one allocation. */
export interface Ring {
  control: Int32Array;
  /** Bytes that passed unobserved. */
  missed: Float64Array;
  /** How long the pump held chunks, by its own account. */
  held: LatestTimes;
  logTimes: Float64Array;
  /** Channel in the two highest bits, then NOTE and MORE, length in the rest; length 0 ends a line where it stands. */
  logChunks: Uint32Array;
  data: readonly [Uint8Array, Uint8Array, Uint8Array];
}

/** The bytes are not of the channel, but a note about its next line. */
const NOTE = 1 << 29;
/** The note goes on. */
const MORE = 1 << 28;
const LENGTH = MORE - 1;

const CONTROL_AT = 0;
const MISSED_AT = CONTROL_WORDS * 4;
const HELD_AT = MISSED_AT + 8;
const LOG_TIMES_AT = HELD_AT + LATEST_TIMES_WORDS * 8;
const LOG_CHUNKS_AT = LOG_TIMES_AT + LOG_ENTRIES * 8;
const DATA_AT = LOG_CHUNKS_AT + LOG_ENTRIES * 4;

export function allocateRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(DATA_AT + RING_BYTES[0] + RING_BYTES[1] + RING_BYTES[2]);
}

/** The views over the shared memory; each thread makes its own. */
export function viewRing(memory: SharedArrayBuffer): Ring {
  return {
    control: new Int32Array(memory, CONTROL_AT, CONTROL_WORDS),
    missed: new Float64Array(memory, MISSED_AT, 1),
    held: new LatestTimes(new Float64Array(memory, HELD_AT, LATEST_TIMES_WORDS)),
    logTimes: new Float64Array(memory, LOG_TIMES_AT, LOG_ENTRIES),
    logChunks: new Uint32Array(memory, LOG_CHUNKS_AT, LOG_ENTRIES),
    data: [
      new Uint8Array(memory, DATA_AT, RING_BYTES[0]),
      new Uint8Array(memory, DATA_AT + RING_BYTES[0], RING_BYTES[1]),
      new Uint8Array(memory, DATA_AT + RING_BYTES[0] + RING_BYTES[1], RING_BYTES[2]),
    ],
  };
}

/** The pump's side. */
export class RingWriter {
  readonly #ring: Ring;
  readonly #heads: [number, number, number] = [0, 0, 0];
  /** When the first chunk was published that the reader was not told of; 0 when there is none. */
  untoldSince = 0;
  /** When the latest was. */
  publishedAt = 0;
  #logHead = 0;
  #gapDue = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /** Offset in the channel's ring where the next bytes go. */
  offset(channel: Channel): number {
    return this.#heads[channel] & (RING_BYTES[channel] - 1);
  }

  /** How many bytes may be read there at once, at most `limit`; 0 when the reader has to free space first. */
  room(channel: Channel, limit: number): number {
    const { control } = this.#ring;
    if ((this.#logHead - Atomics.load(control, LOG_TAIL)) >>> 0 >= LOG_ENTRIES - SPARE_ENTRIES) return 0;
    const size = RING_BYTES[channel];
    const head = this.#heads[channel];
    const free = size - ((head - Atomics.load(control, TAIL + channel)) >>> 0);
    return Math.min(free, size - (head & (size - 1)), limit);
  }

  /** Hands `length` bytes at `offset(channel)` to the reader. The bytes must stay until the reader frees them. */
  publish(channel: Channel, length: number, time: number): void {
    if (this.#gapDue !== 0) this.#publishGaps(time);
    this.#heads[channel] = (this.#heads[channel] + length) >>> 0;
    this.#log(channel, length, time);
    this.#published(time);
  }

  /** Hands over a part of a note about the channel's next line: what a gate did, as JSON. */
  publishNote(channel: Channel, length: number, isLast: boolean, time: number): void {
    if (this.#gapDue !== 0) this.#publishGaps(time);
    this.#heads[channel] = (this.#heads[channel] + length) >>> 0;
    this.#log(channel, length | NOTE | (isLast ? 0 : MORE), time);
    this.#published(time);
  }

  /** What was published of the channel so far is all there is of the line. */
  publishEnd(channel: Channel, time: number): void {
    this.#log(channel, 0, time);
  }

  /** Counts bytes that were forwarded while the reader stood still. */
  miss(channel: Channel, length: number): void {
    this.#gapDue |= 1 << channel;
    const { missed } = this.#ring;
    missed[0] = (missed[0] ?? 0) + length;
  }

  /** True when a ring or the log is half full: time to wake the reader. */
  crowded(): boolean {
    const { control } = this.#ring;
    if ((this.#logHead - Atomics.load(control, LOG_TAIL)) >>> 0 > LOG_ENTRIES / 2) return true;
    for (const channel of CHANNELS) {
      const used = (this.#heads[channel] - Atomics.load(control, TAIL + channel)) >>> 0;
      if (used > RING_BYTES[channel] / 2) return true;
    }
    return false;
  }

  #published(time: number): void {
    this.publishedAt = time;
    if (this.untoldSince === 0) this.untoldSince = time;
  }

  #publishGaps(time: number): void {
    const due = this.#gapDue;
    this.#gapDue = 0;
    for (const channel of CHANNELS) if ((due & (1 << channel)) !== 0) this.#log(channel, 0, time);
  }

  #log(channel: Channel, entry: number, time: number): void {
    const at = this.#logHead & (LOG_ENTRIES - 1);
    this.#ring.logTimes[at] = time;
    this.#ring.logChunks[at] = (channel << 30) | entry;
    this.#logHead = (this.#logHead + 1) >>> 0;
    Atomics.store(this.#ring.control, LOG_HEAD, this.#logHead | 0);
  }
}

/** The observer's thread has other duties: signals, timers, the end of the server. */
const TURN_MS = 10;

/** The observer's side. */
export class RingReader {
  readonly #ring: Ring;
  /** What came of a note, by channel. */
  readonly #notes: [Uint8Array[], Uint8Array[], Uint8Array[]] = [[], [], []];

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /**
   * Passes what was published to the visitor, in order, freeing each chunk afterwards, for about TURN_MS.
   *
   * @returns true when there is more
   */
  drain(visitor: Visitor): boolean {
    const { control, data, logChunks, logTimes } = this.#ring;
    const head = Atomics.load(control, LOG_HEAD);
    const until = performance.now() + TURN_MS;
    for (let tail = Atomics.load(control, LOG_TAIL); tail !== head; tail = (tail + 1) | 0) {
      const at = tail & (LOG_ENTRIES - 1);
      const entry = logChunks[at] ?? 0;
      const channel = (entry >>> 30) as Channel; // as `#log` put it there
      const length = entry & LENGTH;
      const time = logTimes[at] ?? 0;
      if (length === 0) {
        this.#notes[channel] = [];
        visitor.gap(channel, time);
      } else {
        const start = Atomics.load(control, TAIL + channel);
        const place = start & (RING_BYTES[channel] - 1);
        const bytes = data[channel].subarray(place, place + length);
        if ((entry & NOTE) === 0) visitor.chunk(channel, bytes, time);
        else this.#note(channel, bytes, (entry & MORE) === 0, visitor);
        Atomics.store(control, TAIL + channel, (start + length) | 0);
      }
      Atomics.store(control, LOG_TAIL, (tail + 1) | 0);
      if (performance.now() > until) break;
    }
    return Atomics.load(control, LOG_HEAD) !== Atomics.load(control, LOG_TAIL);
  }

  /** Bytes of the chunks that the observer has not taken yet. */
  get waitingBytes(): number {
    const { control, logChunks } = this.#ring;
    const head = Atomics.load(control, LOG_HEAD);
    let bytes = 0;
    for (let tail = Atomics.load(control, LOG_TAIL); tail !== head; tail = (tail + 1) | 0) {
      bytes += (logChunks[tail & (LOG_ENTRIES - 1)] ?? 0) & LENGTH;
    }
    return bytes;
  }

  #note(channel: Channel, bytes: Uint8Array, isLast: boolean, visitor: Visitor): void {
    this.#notes[channel].push(Buffer.from(bytes));
    if (!isLast) return;
    const note = readNote(Buffer.concat(this.#notes[channel]).toString());
    this.#notes[channel] = [];
    if (note !== undefined) visitor.note(channel, note);
  }
}

/** What cannot be read costs the line its mark, not the session its record. */
function readNote(json: string): Interceptions | undefined {
  try {
    return (JSON.parse(json) as (Interception | null)[]).map((interception) => interception ?? undefined);
  } catch {
    return undefined;
  }
}
