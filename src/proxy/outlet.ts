/** One way out of the pump that two write to: the direction it belongs to, and km itself between two of its lines. */

const LINE_FEED = 10;
/** How much may wait to be put in before its author is told to wait too. */
const INSERTED_BYTES = 1 << 20;

/** Runs when the bytes are next to be sent, before they are: what was sent is always observed before its answer. */
type Publish = () => Promise<void>;

export class Outlet {
  readonly #sink: Bun.FileSink;
  #turn: PromiseWithResolvers<void> | undefined;
  /** The direction has begun a line and not ended it: the turn remains its own. */
  #midLine = false;
  #closed = false;
  #insertedBytes = 0;

  constructor(sink: Bun.FileSink) {
    this.#sink = sink;
  }

  /**
   * Sends what belongs to the direction.
   *
   * @throws when nobody reads
   */
  async send(bytes: Uint8Array, publish: Publish): Promise<void> {
    if (!this.#midLine) await this.#takeTurn();
    this.#midLine = bytes.at(-1) !== LINE_FEED;
    try {
      await publish();
      await writeThrough(bytes, this.#sink);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      if (!this.#midLine) this.#endTurn();
    }
  }

  /**
   * Puts in a line as soon as no other is under way. It is neither published nor sent when the way has ended by then.
   *
   * Resolves before that, unless much is waiting: a server may have begun a line that it ends only when asked something, and
   * would never be asked.
   */
  async insert(line: Uint8Array, publish: Publish): Promise<void> {
    this.#insertedBytes += line.length;
    const inserted = this.#insert(line, publish);
    if (this.#insertedBytes > INSERTED_BYTES) await inserted;
  }

  /** The direction has sent all it has: resolves when what is being put in has been, and nothing will be any more. */
  async end(): Promise<void> {
    if (!this.#midLine) await this.#takeTurn();
    this.#closed = true;
    this.#midLine = false;
    this.#endTurn();
  }

  /** Nothing is put in any more. */
  close(): void {
    this.#closed = true;
  }

  async #insert(line: Uint8Array, publish: Publish): Promise<void> {
    await this.#takeTurn();
    try {
      if (this.#closed) return;
      await publish();
      await writeThrough(line, this.#sink);
    } catch {
      this.#closed = true; // nobody reads: the direction learns it with its own next line
    } finally {
      this.#insertedBytes -= line.length;
      this.#endTurn();
    }
  }

  async #takeTurn(): Promise<void> {
    while (this.#turn !== undefined) await this.#turn.promise;
    this.#turn = Promise.withResolvers();
  }

  #endTurn(): void {
    const turn = this.#turn;
    this.#turn = undefined;
    turn?.resolve();
  }
}

/** @throws when nobody reads */
export async function writeThrough(bytes: Uint8Array, sink: Bun.FileSink): Promise<void> {
  await sink.write(bytes);
  await sink.flush();
}
