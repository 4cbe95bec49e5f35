/**
 * Feeds one plugin: events in order from behind its last ack, as many as it has credit for, in batches. Live events come
 * from the shared tail; what the tail no longer has is read from the journal. What neither has is counted as dropped.
 */
import { KmError } from "../../errors.ts";
import { MESSAGE_MEMBER, type RawLine } from "../../journal/decode.ts";
import { readLines } from "../../journal/read.ts";
import { Histogram } from "../../stream/histogram.ts";
import { LIMITS, type Limits, MAX_LINE } from "../protocol.ts";
import type { Tail } from "./tail.ts";

export interface FeedOptions {
  tail: Tail;
  /** Folder of the session's journal; undefined where nothing is recorded. */
  journal: string | undefined;
  /** Everything up to this seq is done. */
  acked: number;
  /** Resolves when the pipe has taken the bytes; rejects when the plugin has gone. */
  write(bytes: Uint8Array): Promise<void>;
  acknowledged(): void;
}

interface Batch {
  to: number;
  events: number;
  bytes: number;
  /** How many before it could not be delivered. */
  dropped: number;
  sentAt: number;
}

/** Room for what is around the events of a batch. */
const ENVELOPE_BYTES = 256;

export class Feed {
  readonly #options: FeedOptions;
  readonly #underWay: Batch[] = [];
  #eventsUnderWay = 0;
  #bytesUnderWay = 0;
  #sent: number;
  #credit = Promise.withResolvers<void>();
  #stopped = false;
  /** Lines read from the journal and not sent yet. */
  #backlog: AsyncGenerator<RawLine[]> | undefined;
  #pending: RawLine[] = [];
  /** Everything up to this seq is done, as the plugin says. */
  acked: number;
  /** Events that could not be delivered, as far as it is certain: the batch behind them was acknowledged. */
  dropped = 0;
  /** Acks that name what was never sent. */
  falseAcks = 0;
  /** From sending a batch to its ack, in milliseconds. */
  readonly handling = new Histogram();

  constructor(options: FeedOptions) {
    this.#options = options;
    this.acked = options.acked;
    this.#sent = options.acked;
  }

  /** Whether everything that was recorded is acknowledged. */
  get isDone(): boolean {
    return this.#options.tail.ended && this.acked >= this.#options.tail.last;
  }

  /** Until the session is over and all of it was sent and acknowledged, or `stop`. @throws ClosedError */
  async run(): Promise<void> {
    const { tail } = this.#options;
    try {
      while (!this.#stopped) {
        if (!this.#hasCredit()) await this.#credit.promise;
        else if (this.#sent < tail.last) await this.#send(await this.#next());
        else if (this.isDone) return;
        else await Promise.race([tail.changed(), this.#credit.promise]);
      }
    } finally {
      await this.#backlog?.return(undefined);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#grant();
  }

  /**
   * The plugin has done everything up to `seq`.
   *
   * @param seq as the plugin sent it; what was never sent to it cannot be done
   */
  ack(seq: unknown): void {
    if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq > this.#sent) {
      this.falseAcks++;
      return;
    }
    if (seq <= this.acked) return;
    this.acked = seq;
    const now = performance.now();
    for (let batch = this.#underWay[0]; batch !== undefined && batch.to <= this.acked; batch = this.#underWay[0]) {
      this.#underWay.shift();
      this.#eventsUnderWay -= batch.events;
      this.#bytesUnderWay -= batch.bytes;
      this.dropped += batch.dropped;
      this.handling.add(now - batch.sentAt);
    }
    this.#grant();
    this.#options.acknowledged();
  }

  #hasCredit(): boolean {
    return this.#eventsUnderWay < LIMITS.window.events && this.#bytesUnderWay < LIMITS.window.bytes;
  }

  #grant(): void {
    this.#credit.resolve();
    this.#credit = Promise.withResolvers<void>();
  }

  /** The lines that come next, at least one unless nothing is there any more. */
  async #next(): Promise<RawLine[]> {
    const { tail, journal } = this.#options;
    if (this.#pending.length > 0) return this.#pending;
    if (this.#sent + 1 >= tail.first || journal === undefined) {
      await this.#closeBacklog();
      return tail.from(this.#sent + 1);
    }
    const isFresh = this.#backlog === undefined;
    this.#backlog ??= readLines(journal, this.#sent + 1);
    const { value, done } = await this.#backlog.next().catch(unreadable);
    if (!done) return value;
    await this.#closeBacklog();
    // A reading ends where the journal did when it began: only one that brings nothing at all says that nothing is there.
    if (!isFresh || this.#sent + 1 >= tail.first) return [];
    return tail.from(tail.first);
  }

  async #closeBacklog(): Promise<void> {
    await this.#backlog?.return(undefined);
    this.#backlog = undefined;
  }

  async #send(lines: RawLine[]): Promise<void> {
    const [first] = lines;
    if (first === undefined) return;
    const count = batchLength(lines, {
      events: LIMITS.window.events - this.#eventsUnderWay,
      bytes: LIMITS.window.bytes - this.#bytesUnderWay,
    });
    const batch = lines.slice(0, count).map(fitting);
    const bytes = batch.reduce((sum, line) => sum + line.bytes.length, 0);
    this.#pending = this.#backlog === undefined ? [] : lines.slice(count);
    const gap = first.seq - this.#sent - 1;
    const to = batch.at(-1)?.seq ?? first.seq;
    this.#sent = to;
    this.#underWay.push({ to, events: batch.length, bytes, dropped: gap, sentAt: performance.now() });
    this.#eventsUnderWay += batch.length;
    this.#bytesUnderWay += bytes;
    await this.#options.write(encodeBatch(first.seq, to, gap, batch));
  }
}

/** The session was deleted meanwhile, or its disk is gone: nothing more is there. */
function unreadable(error: unknown): IteratorReturnResult<undefined> {
  if (error instanceof KmError) return { done: true, value: undefined };
  throw error;
}

/** How many of the lines make a batch: one at least, and none behind a gap. */
function batchLength(lines: RawLine[], credit: Limits["window"]): number {
  const mostEvents = Math.min(LIMITS.batch.events, credit.events);
  const mostBytes = Math.min(LIMITS.batch.bytes, credit.bytes);
  const [first] = lines;
  let bytes = 0;
  let count = 0;
  for (const line of lines) {
    bytes += line.bytes.length + 1;
    const follows = line.seq === (first?.seq ?? 0) + count;
    if (count > 0 && (bytes > mostBytes || count >= mostEvents || !follows)) break;
    count++;
  }
  return count;
}

/** An event that no line can hold goes without its message. */
function fitting(line: RawLine): RawLine {
  if (line.bytes.length <= MAX_LINE - ENVELOPE_BYTES) return line;
  const text = Buffer.from(line.bytes.buffer, line.bytes.byteOffset, line.bytes.length);
  const at = text.indexOf(MESSAGE_MEMBER);
  const header = at < 0 ? withoutText(text) : text.subarray(0, at);
  return { ...line, bytes: Buffer.concat([header, Buffer.from(',"truncated":true}')]) };
}

/** The header of a line whose payload is text: it ends where `text` or `base64` begins. */
function withoutText(line: Buffer): Buffer {
  const at = ['"text":', '"base64":'].map((name) => line.indexOf(`,${name}`)).filter((index) => index >= 0);
  return line.subarray(0, Math.min(...at, line.length - 1));
}

const TAIL = Buffer.from("]}}\n");

function encodeBatch(from: number, to: number, dropped: number, lines: RawLine[]): Uint8Array {
  const head = `{"jsonrpc":"2.0","method":"km/events","params":{"from":${from},"to":${to},"dropped":${dropped},"events":[`;
  const size = lines.reduce((sum, line) => sum + line.bytes.length + 1, head.length + TAIL.length - 1);
  const bytes = Buffer.allocUnsafeSlow(size);
  let at = bytes.write(head, "latin1");
  for (const [index, line] of lines.entries()) {
    if (index > 0) at = bytes.writeUInt8(0x2c, at);
    bytes.set(line.bytes, at);
    at += line.bytes.length;
  }
  bytes.set(TAIL, at);
  return bytes;
}
