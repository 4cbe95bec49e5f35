/**
 * `Exchange`: one POST with the requests in it, and what answers it: JSON where the answer is all there is, a stream of
 * events where anything else comes before it, or where it takes long. Decided when the first message is known.
 */
import { outlineOf } from "../wire/outline.ts";
import type { Accepted } from "./accepted.ts";

/** Where the messages of an exchange go when they are more than one answer. */
export interface ExchangeStream {
  /** Its client has it open, perhaps again. */
  readonly isRead: boolean;
  send(text: string): void | Promise<void>;
  end(): void;
  response(headers: Record<string, string>): Response;
}

export interface ExchangeOptions {
  accepts: Accepted;
  /** Of the requests in it, by which their answers are known. */
  ids: string[];
  openStream(): ExchangeStream;
  status?(answer: string): number;
  headers?(answer: string): Record<string, string>;
  answered?: ((id: string, answer: string) => void) | undefined;
}

/** A connection on which nothing comes is cut by proxies, and its client learns nothing. */
const SLOW_MS = 3000;

export class Exchange {
  readonly response: Promise<Response>;
  /** The client has left. */
  isGone = false;
  readonly #options: ExchangeOptions;
  readonly #left: Set<string>;
  readonly #timer: Timer | undefined;
  readonly #resolve: (response: Response) => void;
  #stream: ExchangeStream | undefined;
  #isSettled = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#left = new Set(options.ids);
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.response = promise;
    this.#resolve = resolve;
    if (options.accepts.events) this.#timer = setTimeout(() => this.#slow(), SLOW_MS);
  }

  /** What is sent here is read, or will be. */
  get isListening(): boolean {
    return this.#stream === undefined ? !this.isGone : this.#stream.isRead;
  }

  /** All its requests have their answers. */
  get isOver(): boolean {
    return this.#left.size === 0;
  }

  /** What comes besides the answers. @returns a promise where the sender shall wait */
  send(text: string): void | Promise<void> {
    // A client that takes no events can have the answer alone.
    if (this.isOver || !this.#options.accepts.events) return undefined;
    return this.#opened().send(text);
  }

  answer(id: string, text: string): void | Promise<void> {
    if (!this.#left.delete(id)) return undefined;
    this.#options.answered?.(id, text);
    if (this.#stream === undefined && this.#isAlone(text)) {
      const status = this.#options.status?.(text) ?? 200;
      const headers = { "content-type": "application/json", ...this.#options.headers?.(text) };
      this.#settle(new Response(text, { status, headers }));
      return undefined;
    }
    const stream = this.#opened(text);
    const waiting = stream.send(text);
    if (this.isOver) stream.end();
    return waiting;
  }

  /** Its client has left, and what would be sent concerns nobody. */
  drop(): void {
    this.isGone = true;
    this.#left.clear();
    this.#settle(nobody());
  }

  /** The ids that have no answer yet. */
  get open(): string[] {
    return [...this.#left];
  }

  /** Whether the answer is JSON, with a status of its own: what comes before it, several of them, or its client's wish is against it. */
  #isAlone(answer: string): boolean {
    const { accepts, ids } = this.#options;
    if (!accepts.json || ids.length > 1) return false;
    return !accepts.prefersEvents || outlineOf(answer)?.kind === "error";
  }

  #slow(): void {
    if (!this.isGone) this.#opened();
  }

  #opened(answer = ""): ExchangeStream {
    if (this.#stream !== undefined) return this.#stream;
    const stream = this.#options.openStream();
    this.#stream = stream;
    // A stream that nobody takes would be open for ever.
    this.#settle(this.isGone ? nobody() : stream.response(this.#options.headers?.(answer) ?? {}));
    return stream;
  }

  #settle(response: Response): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#resolve(response);
  }
}

/** An answer that is not sent. */
function nobody(): Response {
  return new Response(null, { status: 499 });
}
