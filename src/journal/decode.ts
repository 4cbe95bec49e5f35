/** The bytes of a segment, in chunks of any size, to events or to lines. */
import type { StreamEvent } from "../stream/event.ts";
import { decodeLine } from "./line.ts";

/** What was met while reading; filled in as the reading goes on. */
export interface ReadCounts {
  events: number;
  /** Lines that were cut short, by a crash or a full disk, and skipped. */
  torn: number;
  /** Segments that were deleted between listing and reading. */
  vanished: number;
}

/** Which messages are read into memory: all, none, or those of the events it returns true for. */
export type PayloadChoice = boolean | ((event: StreamEvent) => boolean);

const LINE_FEED = 10;
const CLOSING_BRACE = 125;
const SEQ_MEMBER = Buffer.from('{"seq":');
const ZERO = 48;
/** From the end of the seq to that of `"type":"`: a timestamp has microseconds and so a fixed length. */
const TYPE_OFFSET = ',"timestamp":"2026-01-01T00:00:00.000000Z","type":"'.length;
const STOP = Buffer.from('server_stop"');
export const MESSAGE_MEMBER = Buffer.from(',"message":');
/** A message of 16 MiB and its header, or its beginning and end as an escaped string. */
const MAX_LINE = 34 * 1024 * 1024;

/** Turns the bytes of a segment, in chunks of any size, into what its lines stand for. */
export interface Decoder<T> {
  /** What the lines that end in this chunk stand for. The chunk may be reused afterwards. */
  decode(chunk: Uint8Array): T[];
  /** To be called at the end of a segment: a line without its line feed was not written to its end. */
  end(): void;
}

abstract class LineDecoder<T> implements Decoder<T> {
  readonly #counts: ReadCounts;
  /** The beginning of a line whose end has not come yet. */
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(counts: ReadCounts) {
    this.#counts = counts;
  }

  /** @param line without its line feed; undefined where it is torn or not of this format */
  protected abstract decodeLine(line: Buffer): T | undefined;

  /** The bytes of a chunk for as long as what is decoded from them needs them. */
  protected keepable(chunk: Uint8Array): Buffer {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  }

  decode(chunk: Uint8Array): T[] {
    const bytes = this.keepable(chunk);
    const decoded: T[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      const line = this.#complete(bytes.subarray(start, end));
      const one = line === undefined || line.at(-1) !== CLOSING_BRACE ? undefined : this.decodeLine(line);
      start = end + 1;
      if (one === undefined) {
        if (line?.length !== 0) this.#counts.torn++;
        continue;
      }
      this.#counts.events++;
      decoded.push(one);
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
    return decoded;
  }

  end(): void {
    if (this.#size > 0) this.#counts.torn++;
    this.#parts = [];
    this.#size = 0;
  }

  /** The whole line, or undefined where it is longer than any line that km writes. */
  #complete(end: Buffer): Buffer | undefined {
    if (this.#size === 0) return end;
    const line = this.#size > MAX_LINE ? undefined : Buffer.concat([...this.#parts, end]);
    this.#parts = [];
    this.#size = 0;
    return line;
  }

  #keep(rest: Buffer): void {
    this.#size += rest.length;
    if (this.#size > MAX_LINE) this.#parts = [];
    else this.#parts.push(Uint8Array.from(rest));
  }
}

export class SegmentDecoder extends LineDecoder<StreamEvent> {
  readonly #payload: PayloadChoice;

  constructor(counts: ReadCounts, payload: PayloadChoice) {
    super(counts);
    this.#payload = payload;
  }

  protected override decodeLine(line: Buffer): StreamEvent | undefined {
    if (this.#payload === true) return decodeLine(line.toString());
    const at = line.indexOf(MESSAGE_MEMBER);
    if (at < 0) return decodeLine(line.toString());
    const event = decodeLine(`${line.toString("utf8", 0, at)}}`);
    if (event === undefined || this.#payload === false || !this.#payload(event)) return event;
    return decodeLine(line.toString());
  }
}

/** A line of the journal as it is, for those that hand it on. */
export interface RawLine {
  seq: number;
  /** The session's last event. */
  isStop: boolean;
  /** The whole line without its line feed: one StreamEvent in JSON. */
  bytes: Uint8Array;
}

export class RawDecoder extends LineDecoder<RawLine> {
  protected override decodeLine(line: Buffer): RawLine | undefined {
    return readRawLine(line);
  }

  protected override keepable(chunk: Uint8Array): Buffer {
    return Buffer.from(chunk); // copied once; its lines are parts of the copy
  }
}

/** Undefined where the bytes do not begin as a line of the journal does. */
export function readRawLine(bytes: Uint8Array): RawLine | undefined {
  for (let at = 0; at < SEQ_MEMBER.length; at++) if (bytes[at] !== SEQ_MEMBER[at]) return undefined;
  let seq = 0;
  let at = SEQ_MEMBER.length;
  for (; ; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
    seq = seq * 10 + digit;
  }
  // Few types begin with its letter, so that nearly every line is settled by one byte.
  const type = at + TYPE_OFFSET;
  return { seq, isStop: bytes[type] === STOP[0] && STOP.equals(bytes.subarray(type, type + STOP.length)), bytes };
}
