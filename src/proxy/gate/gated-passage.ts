/**
 * `GatedPassage`: a direction of a session with a gate, between what a pump reads and what it writes: cut into lines as far
 * as needed, decided about, held. No I/O: the pump puts in what it has read, and takes out what is to be observed and sent.
 * The rules are in gate.ts.
 */
import { formatBytes } from "../../config/units.ts";
import type { Direction } from "../../stream/event.ts";
import type { LineBytes } from "../../wire/line-bytes.ts";
import { CutLine, HELD_BYTES, judgeLongLine } from "./cut-line.ts";
import { mayBeMessage, mayMean, type Watch } from "./gated-line.ts";
import { HeldLines, type Outgoing, type Surroundings } from "./held-lines.ts";
import { type Channel, REQUEST, RESPONSE } from "../pump.ts";
import type { Interceptions } from "./settle.ts";

/** How much of km's own may wait to be put in before its authors pause. */
const INSERTED_BYTES = 1 << 20;
const LINE_FEED = 10;
const NOTHING = new Uint8Array(0);

export class GatedPassage {
  readonly channel: Channel;
  readonly #around: Surroundings;
  readonly #watch: Watch;
  readonly #held: HeldLines;
  /** In order. */
  #queue: Outgoing[] = [];
  /** To be put in between two lines: what km writes itself, and what was held out of order. */
  #between: Outgoing[] = [];
  /** Of what km writes itself. */
  #insertedBytes = 0;
  /** What was taken out last is not the end of a line. */
  #midLine = false;
  /** The beginning of a line whose end has not come yet. */
  readonly #begun = new Bun.ArrayBufferSink();
  #begunBytes = 0;
  /** A line goes piece by piece, since it is no message, or is too long to be held. */
  #flows: "as it came" | CutLine | undefined;
  /** What was read behind that. */
  #rest: { bytes: Buffer; time: number } | undefined;
  /** When something was last read. */
  #time = 0;
  #ended = false;
  #abandoned = false;
  #isIdle = false;
  /** The first line of what is put in next was found not to be one that surely passes. */
  #isFirstKnown = false;

  constructor(direction: Direction, around: Surroundings) {
    this.channel = direction === "request" ? REQUEST : RESPONSE;
    this.#around = around;
    const mayCancel = (): boolean => this.#held.hasOutOfOrder;
    this.#watch = { direction, gate: around.gate, awaited: around.awaited, mayCancel };
    this.#held = new HeldLines(this.#watch, around, (outgoing, isInOrder) => {
      this.#isIdle = false;
      (isInOrder ? this.#queue : this.#between).push(outgoing);
      this.#goOnBehind();
    });
    this.#begun.start({ asUint8Array: true, stream: true });
  }

  /** Whether the pump shall read on: all that it put in has been taken out, and there is room for what may be held. */
  get mayRead(): boolean {
    return (
      !this.#ended &&
      !this.#abandoned &&
      this.#queue.length === 0 &&
      !this.#held.hasInOrder &&
      !this.#held.isFull &&
      !this.#around.isCrowded()
    );
  }

  /** Nothing is under way that what is read next would have to wait for. */
  get isIdle(): boolean {
    this.#isIdle ||=
      this.mayRead &&
      this.#begunBytes === 0 &&
      this.#flows === undefined &&
      !this.#midLine &&
      this.#between.length === 0;
    return this.#isIdle;
  }

  /** So much waits to be put in here that its authors shall pause. */
  get isCrowded(): boolean {
    return this.#insertedBytes > INSERTED_BYTES;
  }

  /** Something can be taken out. */
  get hasNext(): boolean {
    return this.#queue.length > 0 || (this.#between.length > 0 && !this.#midLine);
  }

  /** The source has ended, or is not listened to any more, and all that came from it has been taken out. */
  get isOver(): boolean {
    const isHeld = this.#held.hasInOrder || this.#held.hasOutOfOrder || this.#begunBytes > 0;
    return (this.#ended || this.#abandoned) && !isHeld && !this.hasNext;
  }

  /**
   * What was read, as far as it may be sent without more ado: lines that surely pass.
   *
   * @returns how far that is: it shall be observed and sent as it came, and the rest has to be pushed
   */
  lets(chunk: LineBytes, start: number, end: number, time: number): number {
    if (!this.isIdle || chunk.bytes[end - 1] !== LINE_FEED) return start;
    this.#time = time;
    let at = start;
    while (at < end) {
      const behind = this.#held.pass(chunk, at, end);
      if (behind < 0) break;
      at = behind;
    }
    this.#isFirstKnown = at < end;
    return at;
  }

  /** What was read. It must stay as it is until `mayRead`, before which nothing else is put in. */
  push(chunk: Buffer, time: number): void {
    if (!this.#abandoned) this.#process(chunk, time);
  }

  /** The source has ended: what is left without a line feed is a line. */
  end(time: number): void {
    if (this.#ended || this.#abandoned) return;
    this.#isIdle = false;
    this.#ended = true;
    this.#time = time;
    if (this.#flows instanceof CutLine) this.#endCutLine(this.#flows, NOTHING, time);
    this.#flows = undefined;
    this.#endLine();
  }

  /** The next to be observed and sent. */
  next(): Outgoing | undefined {
    if (!this.hasNext) return undefined; // mostly: a look costs less than to take from an empty list
    const isBetween = !this.#midLine && this.#between.length > 0;
    const outgoing = isBetween ? this.#between.shift() : this.#queue.shift();
    if (outgoing === undefined) return undefined;
    const { seen, send = NOTHING } = outgoing;
    if (isBetween && outgoing.isOwn) this.#insertedBytes -= seen.length;
    this.#midLine = !endsLine(seen) || !endsLine(send);
    return outgoing;
  }

  /** Puts in a line of km's own as soon as no other is under way; never, when the direction has ended by then. */
  insert(line: string, interceptions: Interceptions, time: number): void {
    if (this.isOver) return;
    this.#isIdle = false;
    const seen = Buffer.from(line);
    this.#between.push({ seen, send: seen, time, interceptions, isOwn: true });
    this.#insertedBytes += seen.length;
  }

  /** What waits for a person is observed as it came and goes no further, since the session is about to end. */
  releaseApprovals(): void {
    this.#held.release("for a person");
  }

  /** Nothing more is forwarded. What was read is observed as it came, although its receiver never got it. */
  abandon(): void {
    if (this.#abandoned) return;
    this.#isIdle = false;
    this.#abandoned = true;
    const rest = this.#rest;
    this.#rest = undefined;
    this.#held.release("all");
    const between = this.#between.filter(({ isOwn }) => !isOwn);
    this.#queue = this.#midLine ? [...this.#queue, ...between] : [...between, ...this.#queue];
    this.#between = [];
    this.#insertedBytes = 0;
    for (const outgoing of this.#queue) outgoing.send = undefined;
    if (rest !== undefined) this.#put(rest.bytes, undefined, rest.time);
    this.#put(this.#takeBegun(), undefined, this.#time);
  }

  #process(chunk: Buffer, time: number): void {
    this.#isIdle = false;
    this.#time = time;
    let isKnown = this.#isFirstKnown;
    this.#isFirstKnown = false;
    let from = 0;
    if (this.#flows !== undefined || this.#begunBytes > 0) {
      from = chunk.indexOf(LINE_FEED) + 1 || chunk.length;
      this.#goOn(chunk.subarray(0, from), time);
      if (this.#waits(chunk.subarray(from), time)) return;
    }
    const last = endsLine(chunk) ? chunk.length : Math.max(chunk.lastIndexOf(LINE_FEED) + 1, from);
    // One search through all lines: mostly there are none to look at.
    const isOne = chunk.indexOf(LINE_FEED, from) + 1 === last;
    let at = isOne || mayMean(chunk.subarray(from, last), this.#watch) ? from : last;
    while (at < last) {
      const end = chunk.indexOf(LINE_FEED, at) + 1;
      const line = end - at === chunk.length ? chunk : chunk.subarray(at, end);
      const passes = !isKnown && this.#held.lets(line);
      isKnown = false;
      const decision = passes ? "passes" : this.#held.decide(line, time);
      if (decision !== "passes") {
        this.#pass(chunk.subarray(from, at), time);
        if (decision !== "held") this.#queue.push(decision);
        from = end;
        if (this.#waits(chunk.subarray(end), time)) return;
      }
      at = end;
    }
    this.#pass(last - from === chunk.length ? chunk : chunk.subarray(from, last), time);
    if (last < chunk.length) this.#goOn(chunk.subarray(last), time);
  }

  /** Whether what was read behind the line at hand waits for it. */
  #waits(bytes: Buffer, time: number): boolean {
    if (!this.#held.hasInOrder) return false;
    this.#rest = { bytes, time };
    return true;
  }

  /** A part of a line that began before, or begins and does not end. */
  #goOn(piece: Buffer, time: number): void {
    const ends = piece.at(-1) === LINE_FEED;
    const begins = this.#begunBytes === 0 && this.#flows === undefined;
    if (begins && !this.#around.gate.isStrict && !mayBeMessage(piece)) this.#flows = "as it came";
    if (this.#flows === undefined) {
      this.#begun.write(piece);
      this.#begunBytes += piece.length;
      if (this.#begunBytes > HELD_BYTES) this.#letFlow(this.#takeBegun(), ends, time);
      else if (ends) this.#line(this.#takeBegun(), time);
      return;
    }
    if (this.#flows === "as it came") this.#pass(piece, time);
    else {
      this.#flows.follow(piece);
      if (ends) this.#endCutLine(this.#flows, piece, time);
      else this.#put(piece, undefined, time);
    }
    if (ends) this.#flows = undefined;
  }

  /** A line has become too long to be held. */
  #letFlow(beginning: Buffer, ends: boolean, time: number): void {
    const judged = judgeLongLine(beginning, this.#watch);
    if (judged instanceof CutLine) {
      this.#put(beginning, undefined, time, judged.interceptions);
      if (ends) this.#endCutLine(judged, NOTHING, time);
      else this.#flows = judged;
      return;
    }
    if (judged === "passes undecided") {
      this.#around.asked.isWhole = false;
      this.#around.say(`A message over ${formatBytes(HELD_BYTES)} passed without being held for a decision about it`);
    }
    this.#pass(beginning, time);
    if (!ends) this.#flows = "as it came";
  }

  /** @param piece its last one */
  #endCutLine(line: CutLine, piece: Uint8Array, time: number): void {
    const { inItsPlace, answer } = line.end();
    const send = inItsPlace === undefined ? undefined : Buffer.from(inItsPlace);
    const seenBy = (): void => {
      if (answer !== undefined) this.#around.answer(answer, line.interceptions);
    };
    this.#queue.push({ seen: piece, send, time, interceptions: undefined, seenBy });
  }

  #line(line: Buffer, time: number): void {
    const decision = this.#held.lets(line) ? "passes" : this.#held.decide(line, time);
    if (decision === "passes") this.#pass(line, time);
    else if (decision !== "held") this.#queue.push(decision);
  }

  /** The end of the source has come: what it left without a line feed goes last, since nothing can be put behind it. */
  #endLine(): void {
    if (!this.#ended || this.#abandoned || this.#begunBytes === 0) return;
    if (!this.#held.hasInOrder && !this.#held.hasOutOfOrder) this.#line(this.#takeBegun(), this.#time);
  }

  #goOnBehind(): void {
    const rest = this.#rest;
    if (!this.#held.hasInOrder && rest !== undefined) {
      this.#rest = undefined;
      this.#process(rest.bytes, rest.time);
    }
    this.#endLine();
  }

  #pass(bytes: Uint8Array, time: number): void {
    this.#put(bytes, bytes, time);
  }

  /** @param send `seen` itself, or nothing */
  #put(seen: Uint8Array, send: Uint8Array | undefined, time: number, interceptions?: Interceptions): void {
    if (seen.length > 0) this.#queue.push({ seen, send, time, interceptions });
  }

  #takeBegun(): Buffer {
    if (this.#begunBytes === 0) return Buffer.alloc(0);
    this.#begunBytes = 0;
    const bytes = this.#begun.flush();
    return bytes instanceof Uint8Array ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : Buffer.alloc(0);
  }
}

function endsLine(bytes: Uint8Array): boolean {
  return bytes.length === 0 || bytes[bytes.length - 1] === LINE_FEED;
}
