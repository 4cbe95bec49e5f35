/** `SegmentDecoder`: the bytes of a segment, in chunks of any size, to events. */
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
const MESSAGE_MEMBER = Buffer.from(',"message":');
/** A message of 16 MiB and its header, or its beginning and end as an escaped string. */
const MAX_LINE = 34 * 1024 * 1024;

export class SegmentDecoder {
  readonly #counts: ReadCounts;
  readonly #payload: PayloadChoice;
  /** The beginning of a line whose end has not come yet. */
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(counts: ReadCounts, payload: PayloadChoice) {
    this.#counts = counts;
    this.#payload = payload;
  }

  /** The events whose lines end in this chunk. The chunk may be reused afterwards. */
  decode(chunk: Uint8Array): StreamEvent[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const events: StreamEvent[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      const line = this.#complete(bytes.subarray(start, end));
      const event = line === undefined ? undefined : this.#decodeLine(line);
      start = end + 1;
      if (event === undefined) {
        if (line?.length !== 0) this.#counts.torn++;
        continue;
      }
      this.#counts.events++;
      events.push(event);
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
    return events;
  }

  /** To be called at the end of a segment: a line without its line feed was not written to its end. */
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

  #decodeLine(line: Buffer): StreamEvent | undefined {
    if (line.at(-1) !== CLOSING_BRACE) return undefined;
    if (this.#payload === true) return decodeLine(line.toString());
    const at = line.indexOf(MESSAGE_MEMBER);
    if (at < 0) return decodeLine(line.toString());
    const event = decodeLine(`${line.toString("utf8", 0, at)}}`);
    if (event === undefined || this.#payload === false || !this.#payload(event)) return event;
    return decodeLine(line.toString());
  }
}
