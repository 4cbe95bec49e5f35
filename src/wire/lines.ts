/** Splits a stream of bytes into lines, across any chunking, with a limit on what is kept of a line. */

/** What is kept of a line that is longer than the limit. */
export const HEAD_BYTES = 16 << 10;
export const TAIL_BYTES = 4 << 10;
/** The tail moves to the front of its buffer when that is full, not at every chunk. */
const TAIL_BUFFER_BYTES = 64 << 10;
/** A buffer that one long line needed is not kept for the next. */
const LASTING_BYTES = 256 << 10;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Receives a line without its ending. `bytes` is only valid during the call.
 *
 * @param size bytes on the wire, line ending included
 * @param omitted of a line over the limit, how many bytes are missing between its first HEAD_BYTES and its last
 *   TAIL_BYTES; `bytes` is then the two joined
 */
export type LineVisitor = (bytes: Uint8Array, size: number, omitted: number) => void;

export class LineSplitter {
  readonly #limit: number;
  readonly #visit: LineVisitor;
  /** What came of the current line in earlier chunks; its head only, once it is over the limit. */
  #kept: Uint8Array = new Uint8Array(1024);
  #length = 0;
  /** Bytes of the current line so far. */
  #size = 0;
  /** The end of a line over the limit. */
  #tail: Uint8Array | undefined;
  #tailLength = 0;

  /** @param limit bytes; a longer line is cut to its head and tail */
  constructor(limit: number, visit: LineVisitor) {
    this.#limit = Math.max(limit, HEAD_BYTES + TAIL_BYTES);
    this.#visit = visit;
  }

  /** True when a line has begun and not ended. */
  get partial(): boolean {
    return this.#size > 0;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end < 0) break;
      if (this.#size === 0 && end - start <= this.#limit) this.#emit(chunk.subarray(start, end), end - start + 1, 0);
      else {
        this.#keep(chunk.subarray(start, end));
        this.#emitKept(1);
      }
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(start === 0 ? chunk : chunk.subarray(start));
  }

  /** The stream has ended: what was kept is a line without an ending. */
  end(): void {
    if (this.#size > 0) this.#emitKept(0);
  }

  /** Bytes are missing here: what was kept is no line any more. */
  reset(): void {
    this.#length = 0;
    this.#size = 0;
    this.#tail = undefined;
    this.#tailLength = 0;
    if (this.#kept.length > LASTING_BYTES) this.#kept = new Uint8Array(1024);
  }

  #keep(piece: Uint8Array): void {
    this.#size += piece.length;
    if (this.#tail !== undefined) {
      this.#appendTail(piece);
      return;
    }
    if (this.#size <= this.#limit) {
      this.#append(piece);
      return;
    }
    this.#tail = new Uint8Array(TAIL_BUFFER_BYTES);
    this.#appendTail(this.#kept.subarray(0, this.#length));
    this.#appendTail(piece);
    this.#append(piece.subarray(0, Math.max(0, HEAD_BYTES - this.#length)));
    this.#length = HEAD_BYTES;
  }

  #append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#kept.length) {
      const larger = new Uint8Array(Math.max(length, Math.min(this.#limit, this.#kept.length * 2)));
      larger.set(this.#kept.subarray(0, this.#length));
      this.#kept = larger;
    }
    this.#kept.set(piece, this.#length);
    this.#length = length;
  }

  #appendTail(piece: Uint8Array): void {
    const tail = this.#tail ?? new Uint8Array(0);
    const last = piece.length > TAIL_BYTES ? piece.subarray(piece.length - TAIL_BYTES) : piece;
    if (this.#tailLength + last.length > tail.length) {
      tail.copyWithin(0, this.#tailLength - TAIL_BYTES, this.#tailLength);
      this.#tailLength = TAIL_BYTES;
    }
    tail.set(last, this.#tailLength);
    this.#tailLength += last.length;
  }

  #emitKept(ending: 0 | 1): void {
    const head = this.#kept.subarray(0, this.#length);
    const size = this.#size + ending;
    if (this.#tail === undefined) this.#emit(head, size, 0);
    else {
      const ends = new Uint8Array(HEAD_BYTES + TAIL_BYTES);
      ends.set(head);
      ends.set(this.#tail.subarray(this.#tailLength - TAIL_BYTES, this.#tailLength), HEAD_BYTES);
      this.#emit(ends, size, this.#size - ends.length);
    }
    this.reset();
  }

  #emit(bytes: Uint8Array, size: number, omitted: number): void {
    const last = bytes.length - 1;
    this.#visit(last >= 0 && bytes[last] === CARRIAGE_RETURN ? bytes.subarray(0, last) : bytes, size, omitted);
  }
}
