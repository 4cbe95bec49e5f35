/** `LineBytes`: memory that lines stand in, as bytes and four at a time: most of a line is looked at in the latter way. */

export class LineBytes {
  readonly memory: ArrayBufferLike;
  /** All of the memory, whatever part of it a line is: positions count from its beginning. */
  readonly bytes: Buffer<ArrayBufferLike>;
  readonly words: Int32Array<ArrayBufferLike>;

  constructor(memory: ArrayBufferLike) {
    this.memory = memory;
    this.bytes = Buffer.from(memory);
    this.words = new Int32Array(memory, 0, memory.byteLength >>> 2);
  }
}
