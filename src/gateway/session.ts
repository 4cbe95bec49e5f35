/** `Session`: an MCP session of the revisions before 2026-07-28: one run of the server, and the streams its messages go to. */
import type { Message } from "../wire/jsonrpc.ts";
import { idAt, outlineOf, spanOf, stringAt } from "../wire/outline.ts";
import { type ClientMessage, memberTexts } from "./body-messages.ts";
import { Exchange, type ExchangeStream } from "./exchange.ts";
import { HeldMessages } from "./held-messages.ts";
import { type NumberedStream, NumberedStreams } from "./numbered-streams.ts";
import {
  busy,
  errorLine,
  INTERNAL_ERROR,
  INVALID_REQUEST,
  refusal,
  SERVER_ERROR,
  SERVER_GONE,
  unavailable,
} from "./refusal.ts";
import { hasProgressToken } from "./progress-token.ts";
import type { ClientRequest } from "./request-context.ts";
import { type ServerRun, type ServerSource, startServer } from "./server-run.ts";
import type { LiveSession, SessionOwner } from "./sessions.ts";

export const SESSION_HEADER = "mcp-session-id";
/** Requests stay open when their clients leave, and some servers never answer. */
const MOST_OPEN = 10_000;
const PROGRESS = "notifications/progress";
const CANCELLED = "notifications/cancelled";
const PRIMED_SINCE = "2025-11-25";

export class Session implements LiveSession {
  readonly id: string;
  readonly principal: string;
  readonly endpoint: string;
  readonly #process: ServerRun;
  /** As the server has answered to initialize. */
  version: string | undefined;
  #usedAt = Date.now();
  readonly #ended: () => void;
  readonly #streams = new NumberedStreams();
  /** For what belongs to no request: the client reads it with GET. */
  readonly #standalone: NumberedStream;
  readonly #held = new HeldMessages();
  readonly #exchanges = new Set<Exchange>();
  readonly #byId = new Map<string, Exchange>();
  readonly #byToken = new Map<string, Exchange>();
  /** Of those by id: mostly they get no answer any more, and nobody waits for one. */
  readonly #cancelled = new Set<string>();
  /** Of the request `initialize`. */
  #initializeId: string | undefined;

  /** @param ended the server is gone, and the session with it */
  constructor({ principal, endpoint }: SessionOwner, id: string, source: ServerSource, ended: () => void) {
    this.id = id;
    this.principal = principal;
    this.endpoint = endpoint;
    this.#ended = ended;
    this.#standalone = this.#streams.create();
    this.#process = startServer(source, {
      line: (text) => this.#receive(text),
      ended: () => this.#end(),
    });
  }

  get idleSince(): number | undefined {
    const isAwaited = this.#exchanges.values().some(({ isListening }) => isListening);
    return isAwaited || this.#streams.isRead ? undefined : this.#usedAt;
  }

  get openRequests(): number {
    return this.#byId.size - this.#cancelled.size;
  }

  async post(messages: ClientMessage[], from: ClientRequest): Promise<Response> {
    this.#usedAt = Date.now();
    if (this.#process.isFull) return busy();
    const requests = messages.flatMap(({ text, message }) => (message.kind === "request" ? [{ text, message }] : []));
    if (this.#byId.size + requests.length > MOST_OPEN) return unavailable("too many requests are open", 1);
    const ids = requests.map(({ message }) => message.id);
    const seen = new Set<string>();
    const repeated = ids.find((id) => this.#byId.has(id) || seen.size === seen.add(id).size);
    if (repeated !== undefined) {
      return refusal(400, INVALID_REQUEST, "Invalid Request: a request with this id is still open", { id: repeated });
    }
    const exchange = requests.length === 0 ? undefined : this.#open(requests, from);
    for (const { text, message } of messages) {
      if (message.kind === "notification" && message.method === CANCELLED) this.#cancel(text);
      await this.#process.send(text);
    }
    return exchange === undefined ? new Response(null, { status: 202 }) : await exchange.response;
  }

  /** The answer to GET. @param endsMs until when its client may read, since 1970 */
  listen(lastEventId: string | null, endsMs?: number): Response {
    this.#usedAt = Date.now();
    const headers = { [SESSION_HEADER]: this.id };
    if (lastEventId !== null && lastEventId !== "") {
      const resumed = this.#streams.resume(lastEventId, headers, endsMs);
      if (resumed === undefined) return refusal(400, SERVER_ERROR, "Bad Request: what followed this event is not kept");
      this.#release((text) => this.#elsewhere(text));
      return resumed;
    }
    if (this.#standalone.isRead) {
      return refusal(409, SERVER_ERROR, "Conflict: this session has a stream already");
    }
    const response = this.#standalone.open(headers, endsMs);
    this.#release((text) => this.#standalone.send(text));
    return response;
  }

  async close(): Promise<void> {
    this.#standalone.end();
    await this.#process.end();
  }

  #open(
    requests: { text: string; message: Message & { kind: "request" } }[],
    { accepts, signal, answered }: ClientRequest,
  ) {
    const isInitialize = requests[0]?.message.method === "initialize";
    const exchange = new Exchange({
      accepts,
      ids: requests.map(({ message }) => message.id),
      openStream: () => this.#openStream(),
      answered,
      headers: (answer) => {
        const isRefused = isInitialize && outlineOf(answer)?.kind === "error";
        return isInitialize && !isRefused ? { [SESSION_HEADER]: this.id } : {};
      },
    });
    // Before 2026-07-28 a lost connection cancels nothing: the client may come back for the answer.
    exchange.isGone = signal.aborted;
    signal.addEventListener("abort", () => (exchange.isGone = true), { once: true });
    this.#exchanges.add(exchange);
    for (const { text, message } of requests) {
      this.#byId.set(message.id, exchange);
      if (message.method === "initialize") this.#initializeId = message.id;
      const token = hasProgressToken(message) ? spanOf(text, ["params", "_meta", "progressToken"]) : undefined;
      if (token !== undefined) this.#byToken.set(idAt(text, token), exchange);
    }
    if (!isInitialize) this.#release((text) => exchange.send(text));
    return exchange;
  }

  #cancel(text: string): void {
    const span = spanOf(text, ["params", "requestId"]);
    const id = span === undefined ? undefined : this.#asked(idAt(text, span));
    if (id !== undefined && this.#byId.has(id)) this.#cancelled.add(id);
  }

  #openStream(): ExchangeStream {
    const stream = this.#streams.create();
    return {
      get isRead() {
        return stream.isRead;
      },
      send: (text) => stream.send(text),
      end: () => stream.end(),
      response: (headers) => stream.open(headers),
    };
  }

  #receive(text: string): void | Promise<void> {
    this.#usedAt = Date.now();
    const batch = memberTexts(text);
    if (batch === undefined) return this.#route(text);
    const waits = batch.map((one) => this.#route(one)).filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }

  #route(text: string): void | Promise<void> {
    const outline = outlineOf(text);
    if (outline === undefined) return undefined; // what servers log to stdout is no message
    if (!("method" in outline)) return this.#answer(text, outline.id);
    const isProgress = outline.method === PROGRESS;
    const related = isProgress ? this.#askedForProgress(text) : undefined;
    return related === undefined ? this.#elsewhere(text) : related.send(text);
  }

  #answer(text: string, span: { start: number; end: number }): void | Promise<void> {
    const id = this.#asked(idAt(text, span));
    const exchange = id === undefined ? undefined : this.#byId.get(id);
    if (id === undefined || exchange === undefined) return undefined;
    this.#byId.delete(id);
    this.#cancelled.delete(id);
    if (id === this.#initializeId) this.#initialized(text);
    const waiting = exchange.answer(id, text);
    if (exchange.isOver) this.#forget(exchange);
    return waiting;
  }

  /** The id of the request: what is beyond 2^53, some servers round. */
  #asked(id: string): string | undefined {
    if (this.#byId.has(id) || id.startsWith('"')) return id;
    return this.#byId.keys().find((one) => !one.startsWith('"') && Number(one) === Number(id));
  }

  #initialized(text: string): void {
    this.version = stringAt(text, spanOf(text, ["result", "protocolVersion"]));
    this.#streams.isPrimed = this.version !== undefined && this.version >= PRIMED_SINCE;
  }

  #askedForProgress(text: string): Exchange | undefined {
    const token = spanOf(text, ["params", "progressToken"]);
    return token === undefined ? undefined : this.#byToken.get(idAt(text, token));
  }

  /** What belongs to no request that is known: to the stream for that, else where the client reads anyway. */
  #elsewhere(text: string): void | Promise<void> {
    if (this.#standalone.isRead) return this.#standalone.send(text);
    const latest = [...this.#exchanges].findLast(({ isListening }) => isListening);
    if (latest !== undefined) return latest.send(text);
    this.#held.hold(text);
    return undefined;
  }

  #release(send: (text: string) => void | Promise<void>): void {
    for (const text of this.#held.take()) void send(text);
  }

  #forget(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    if (this.#byToken.size === 0) return;
    for (const [token, one] of this.#byToken) if (one === exchange) this.#byToken.delete(token);
  }

  #end(): void {
    for (const exchange of this.#exchanges) {
      for (const id of exchange.open) void exchange.answer(id, errorLine(id, INTERNAL_ERROR, SERVER_GONE));
    }
    this.#exchanges.clear();
    this.#byId.clear();
    this.#cancelled.clear();
    this.#byToken.clear();
    this.#streams.close();
    this.#ended();
  }
}
