/**
 * `NumberedStreams`: the streams of events of one session. Each event has an id, and the latest are kept: whoever lost the
 * connection names the last event that came and goes on behind it, without loss or repetition.
 */
import { EVENT_HEADERS, EventBody, eventText } from "./event-body.ts";

/** Of all streams of a session together. */
const MOST_CHARACTERS = 4 << 20;
const MOST_EVENTS = 2000;
const MOST_STREAMS = 500;
/** How long a client shall wait before it comes again. */
const RETRY_MS = 1000;

export interface NumberedStream {
  readonly number: number;
  /** Someone reads it. */
  readonly isRead: boolean;
  /** Kept for who comes back where nobody reads it. */
  send(text: string): void | Promise<void>;
  end(): void;
  /** The answer that is this stream; whoever read it before does so no more. @param endsMs until when it may be read */
  open(headers: Record<string, string>, endsMs?: number): Response;
}

interface State {
  sent: number;
  body: EventBody | undefined;
  isEnded: boolean;
}

export class NumberedStreams {
  readonly #states = new Map<number, State>();
  #kept: { stream: number; event: number; text: string }[] = [];
  #characters = 0;
  #next = 0;
  /** An event without data before the others, so that a stream can be resumed before there are any (2025-11-25). */
  isPrimed = false;

  /** Someone reads one of them. */
  get isRead(): boolean {
    return this.#states.values().some(({ body }) => body?.isOpen === true);
  }

  create(): NumberedStream {
    const number = this.#next++;
    const state: State = { sent: 0, body: undefined, isEnded: false };
    this.#states.set(number, state);
    this.#forgetStreams();
    return {
      number,
      get isRead() {
        return state.body?.isOpen === true;
      },
      send: (text) => this.#send(number, state, text),
      end() {
        state.isEnded = true;
        state.body?.end();
      },
      open: (headers, endsMs) => this.#open(number, state, [], headers, endsMs),
    };
  }

  /** Behind the event with that id. Undefined where what came behind it is not there any more. */
  resume(lastEventId: string, headers: Record<string, string>, endsMs?: number): Response | undefined {
    const [, stream, event] = /^(\d{1,9})-(\d{1,12})$/.exec(lastEventId) ?? [];
    const number = Number(stream);
    const state = stream === undefined ? undefined : this.#states.get(number);
    if (state === undefined || Number(event) > state.sent) return undefined;
    const missed = this.#kept.filter((one) => one.stream === number && one.event > Number(event));
    if (missed.length < state.sent - Number(event)) return undefined;
    const texts = missed.map((one) => eventText(one.text, `${number}-${one.event}`));
    return this.#open(number, state, texts, headers, endsMs);
  }

  /** They end for their readers, who may not come back. */
  close(): void {
    for (const state of this.#states.values()) state.body?.end();
    this.#states.clear();
    this.#kept = [];
  }

  #open(
    number: number,
    state: State,
    missed: string[],
    headers: Record<string, string>,
    endsMs: number | undefined,
  ): Response {
    state.body?.drop();
    const body = new EventBody(() => {
      if (state.body === body) state.body = undefined;
    }, endsMs);
    state.body = body;
    const isFirst = state.sent === 0 && this.isPrimed;
    // Headers go out with the first bytes.
    void body.write(isFirst ? `id: ${number}-0\nretry: ${RETRY_MS}\ndata: \n\n` : ": open\n\n");
    for (const text of missed) void body.write(text);
    if (state.isEnded) body.end();
    return new Response(body.body, { headers: { ...EVENT_HEADERS, ...headers } });
  }

  #send(number: number, state: State, text: string): void | Promise<void> {
    const event = ++state.sent;
    this.#keep(number, event, text);
    return state.body?.write(eventText(text, `${number}-${event}`));
  }

  #keep(stream: number, event: number, text: string): void {
    this.#kept.push({ stream, event, text });
    this.#characters += text.length;
    while (this.#characters > MOST_CHARACTERS || this.#kept.length > MOST_EVENTS) {
      this.#characters -= this.#kept.shift()?.text.length ?? 0;
    }
  }

  #forgetStreams(): void {
    for (const [number, { isEnded, body }] of this.#states) {
      if (this.#states.size <= MOST_STREAMS) return;
      if (isEnded && body?.isOpen !== true) this.#states.delete(number);
    }
  }
}
