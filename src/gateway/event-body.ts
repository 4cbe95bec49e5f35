/** `EventBody`: the body of one HTTP answer that is a stream of events, with what its reader has not taken yet. */

const KEEP_ALIVE = ": keep-alive\n\n";
/** Proxies cut connections that are silent for a minute, some for less. */
const KEEP_ALIVE_MS = 15_000;
/** Beyond this the sender shall wait. */
const ENOUGH = 1 << 20;
/** A clock may be set, and a machine sleep: not longer than this nobody looks at it. */
const LOOK_MS = 30_000;

export class EventBody {
  readonly body: ReadableStream<Uint8Array>;
  /** Bytes that wait for the reader. */
  waiting = 0;
  readonly #closed: () => void;
  readonly #queue: Uint8Array[] = [];
  readonly #timer: Timer;
  #ending: Timer | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #hasRoom = Promise.withResolvers<void>();
  #wake: (() => void) | undefined;
  #isEnded = false;
  #isGone = false;

  /**
   * @param closed the reader has left before the end, or may read no longer
   * @param endsMs until when the reader may read, since 1970
   */
  constructor(closed: () => void, endsMs = Infinity) {
    this.#closed = closed;
    if (endsMs < Infinity) this.#endAt(endsMs);
    this.#timer = setInterval(() => this.#keepAlive(), KEEP_ALIVE_MS);
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#leave(),
      },
      { highWaterMark: 0 },
    );
  }

  get isOpen(): boolean {
    return !this.#isEnded && !this.#isGone;
  }

  /** @returns a promise where the sender shall wait for the reader */
  write(text: string): void | Promise<void> {
    if (!this.isOpen) return undefined;
    const bytes = Buffer.from(text);
    this.#queue.push(bytes);
    this.waiting += bytes.length;
    this.#wake?.();
    return this.waiting > ENOUGH ? this.#hasRoom.promise : undefined;
  }

  /** After what waits, nothing more comes. */
  end(): void {
    if (!this.isOpen) return;
    this.#isEnded = true;
    clearInterval(this.#timer);
    clearTimeout(this.#ending);
    this.#wake?.();
  }

  /** At once, whatever waits: its reader has come again elsewhere. */
  drop(): void {
    if (this.#isGone) return;
    this.#leave();
    try {
      this.#controller?.close();
    } catch {
      // It was closed.
    }
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#queue.length === 0 && this.isOpen) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const chunk = this.#queue.length > 1 ? Buffer.concat(this.#queue) : this.#queue[0];
    this.#queue.length = 0;
    this.waiting = 0;
    this.#letGo();
    if (this.#isGone) return;
    if (chunk !== undefined) controller.enqueue(chunk);
    if (this.#isEnded) controller.close();
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearInterval(this.#timer);
    clearTimeout(this.#ending);
    this.#queue.length = 0;
    this.waiting = 0;
    this.#letGo();
    this.#wake?.();
    if (!this.#isEnded) this.#closed();
  }

  #endAt(endsMs: number): void {
    const leftMs = Math.min(Math.max(endsMs - Date.now(), 0), LOOK_MS);
    this.#ending = setTimeout(() => {
      if (Date.now() < endsMs) return this.#endAt(endsMs);
      this.end();
      this.#closed();
    }, leftMs);
  }

  #letGo(): void {
    this.#hasRoom.resolve();
    this.#hasRoom = Promise.withResolvers();
  }

  #keepAlive(): void {
    if (this.#queue.length === 0) void this.write(KEEP_ALIVE);
  }
}

export const EVENT_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** @param text one line; a carriage return, which can only be a blank, would end the line of an event */
export function eventText(text: string, id?: string): string {
  const data = text.includes("\r") ? text.replaceAll("\r", " ") : text;
  return id === undefined ? `event: message\ndata: ${data}\n\n` : `event: message\nid: ${id}\ndata: ${data}\n\n`;
}
