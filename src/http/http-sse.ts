/**
 * `HttpSse`: MCP over HTTP with server-sent events, as it was before 2025-03-26: one stream, opened with GET, brings
 * everything, and its first event says where messages go.
 */
import { pause } from "../process/pause.ts";
import { readLine } from "../wire/jsonrpc.ts";
import { bodyProblem, MOST_CHARACTERS, mediaType, TOO_LARGE } from "./answer-body.ts";
import { backoff } from "./backoff.ts";
import { EventStream } from "./event-stream.ts";
import { discard, waited } from "./http-client.ts";
import { allOver, OpenRequest } from "./open-request.ts";
import { cancelledBy, type Outbound } from "./outbound.ts";
import { CLOSED, errorLine, isRefusal, type Problem, problemText, statusProblem } from "./problem.ts";
import { ToldIds } from "./told-ids.ts";
import { ACKNOWLEDGED_MS, type Transport, type TransportOptions } from "./transport.ts";

const LOST: Problem = {
  reason: "its event stream ended before the answer was there",
  hint: "See what the server says in its log.",
};
const NO_ENDPOINT: Problem = {
  reason: "its event stream does not say where messages go",
  hint: "Check the path of the URL: for this transport it is mostly /sse.",
};
const ELSEWHERE: Problem = {
  reason: "its event stream sends messages to another origin",
  hint: "Nothing is sent there. Check the URL.",
};

const UNRENEWED: Problem = {
  reason: "its event stream had ended, and it does not begin the session anew",
  hint: "See what the server says in its log, and start the client again.",
};

export class HttpSse implements Transport {
  readonly #options: TransportOptions;
  #initialize: Outbound | undefined;
  #initialized: Outbound | undefined;
  readonly #open = new Map<string, OpenRequest>();
  readonly #closing = new AbortController();
  /** Where messages go while the stream is there; why there is none otherwise. */
  #endpoint: Promise<string | Problem> | undefined;
  /** Of the session, after the stream was opened anew; why it was not begun anew. */
  #renewal: Promise<Problem | undefined> | undefined;
  /** The id of an initialize that was not the client's own, whose answer is not for it. */
  #hidden: { id: string; begun(isBegun: boolean): void } | undefined;
  readonly #told = new ToldIds();
  /** Streams in a row that ended before they brought anything. */
  #losses = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Whether the server speaks like this. */
  async open(): Promise<boolean> {
    return typeof (await this.#connected(true)) === "string";
  }

  async send(outbound: Outbound): Promise<void> {
    const { method, ids } = outbound;
    const cancelled = cancelledBy(outbound);
    if (cancelled !== undefined) this.#over(cancelled);
    const request = new OpenRequest(outbound);
    for (const id of ids) {
      this.#open.set(id, request);
      this.#told.delete(id);
      if (this.#hidden?.id === id) this.#hidden = undefined;
    }
    if (method === "initialize") [this.#initialize, this.#initialized] = [outbound, undefined];
    const sent = this.#pass(outbound);
    if (ids.length === 0) await Promise.race([sent, pause(ACKNOWLEDGED_MS)]);
    else if (method === "initialize") await request.over; // what follows belongs to the session that this begins
  }

  async settled(): Promise<void> {
    await allOver(this.#open);
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#hidden?.begun(false);
    const { lines, remote } = this.#options;
    for (const [id, request] of this.#open) {
      void lines.push(errorLine(id, CLOSED, request.outbound.method, remote.url));
      request.abort();
    }
    this.#open.clear();
    return Promise.resolve();
  }

  async #pass(outbound: Outbound): Promise<void> {
    const { method, ids } = outbound;
    const isFirst = method === "initialize";
    const endpoint = await this.#connected(isFirst);
    // Nothing overtakes what begins the session.
    const unrenewed = isFirst ? undefined : await this.#renewal;
    // Who waited has been told already that the stream ended, or wants it no more.
    if (ids.length > 0 && !ids.some((id) => this.#open.has(id))) return;
    const problem = typeof endpoint === "string" ? (unrenewed ?? (await this.#post(endpoint, outbound))) : endpoint;
    if (method === "notifications/initialized" && problem === undefined) this.#initialized = outbound;
    if (problem === undefined || this.#closing.signal.aborted) return;
    if (ids.length > 0) this.#fail(ids, problem);
    else this.#options.say(problemText(problem, method, this.#options.remote.url));
  }

  /** @param isFirst whether what is sent there begins the session, so that it need not be begun anew */
  #connected(isFirst: boolean): Promise<string | Problem> {
    if (this.#endpoint === undefined) {
      this.#endpoint = this.#connect();
      this.#renewal = isFirst ? undefined : this.#endpoint.then((endpoint) => this.#renew(endpoint));
    }
    return this.#endpoint;
  }

  async #connect(): Promise<string | Problem> {
    const { client, remote } = this.#options;
    const reply = await client.request({
      method: "GET",
      headers: { accept: "text/event-stream" },
      isRepeatable: true,
      signal: this.#closing.signal,
    });
    const response = reply.state === "answered" ? reply.response : undefined;
    if (response === undefined || !response.ok || mediaType(response) !== "text/event-stream") {
      this.#endpoint = undefined;
      if (response !== undefined) await discard(response);
      if (response !== undefined) return response.ok ? NO_ENDPOINT : statusProblem(response);
      return reply.state === "failed" ? reply.problem : LOST;
    }
    const { promise, resolve } = Promise.withResolvers<string | Problem>();
    const timer = setTimeout(() => resolve(NO_ENDPOINT), remote.connectTimeoutMs);
    void this.#follow(response, promise, resolve);
    const endpoint = await promise;
    clearTimeout(timer);
    if (typeof endpoint !== "string") {
      await discard(response);
      this.#endpoint = undefined;
    }
    return endpoint;
  }

  /** Reads the stream to its end, at which nobody who waits gets an answer any more. */
  async #follow(
    response: Response,
    endpoint: Promise<string | Problem>,
    found: (endpoint: string | Problem) => void,
  ): Promise<void> {
    const problem = await this.#read(response, found);
    found(problem ?? NO_ENDPOINT);
    if (typeof (await endpoint) !== "string") return;
    this.#endpoint = undefined;
    this.#hidden?.begun(false);
    this.#losses++;
    if (this.#initialized !== undefined) void this.#reconnect();
    this.#fail([...this.#open.keys()], problem ?? LOST);
    this.#told.clear(); // nothing comes from there any more
  }

  /** What the server says of its own accord is to come, also where the client says nothing. */
  async #reconnect(): Promise<void> {
    for (let failures = this.#losses; await waited(backoff(failures), this.#closing.signal); failures++) {
      const endpoint = await this.#connected(false);
      if (typeof endpoint === "string" || isRefusal(endpoint)) return;
    }
  }

  async #read(response: Response, found: (endpoint: string | Problem) => void): Promise<Problem | undefined> {
    const { url } = this.#options.remote;
    const events = new EventStream(MOST_CHARACTERS);
    const reader = response.body?.getReader();
    try {
      for (;;) {
        const read = await reader?.read();
        if (read === undefined || read.value === undefined) return undefined;
        for (const { type, data } of events.push(read.value)) {
          if (data === undefined) return TOO_LARGE;
          if (type === "endpoint") {
            const target = URL.canParse(data, url) ? new URL(data, url) : undefined;
            const isSame = target?.origin === new URL(url).origin;
            found(target === undefined ? NO_ENDPOINT : isSame ? target.href : ELSEWHERE);
          } else if (type === "message") await this.#deliver(data);
        }
      }
    } catch (error) {
      return bodyProblem(error);
    } finally {
      void reader?.cancel().catch(() => undefined);
    }
  }

  /** A stream that was opened anew is a new session, which the client need not know. */
  async #renew(endpoint: string | Problem): Promise<Problem | undefined> {
    const [initialize, initialized] = [this.#initialize, this.#initialized];
    const [id] = initialize?.ids ?? [];
    if (typeof endpoint !== "string" || initialize === undefined || initialized === undefined || id === undefined)
      return undefined;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#hidden = { id, begun: resolve };
    const problem = await this.#post(endpoint, initialize);
    const isBegun =
      problem === undefined && (await Promise.race([promise, pause(this.#options.remote.answerTimeoutMs)]));
    if (isBegun !== true) {
      this.#renewal = undefined; // the next message goes to the server, which says what it thinks of it
      return problem ?? UNRENEWED;
    }
    this.#hidden = undefined;
    await this.#post(endpoint, initialized);
    this.#options.say(`The event stream of ${this.#host()} had ended; the session was begun anew`);
    return undefined;
  }

  async #post(endpoint: string, { line }: Outbound): Promise<Problem | undefined> {
    const reply = await this.#options.client.request({
      method: "POST",
      url: endpoint,
      headers: { "content-type": "application/json" },
      body: line,
      isRepeatable: false,
      signal: this.#closing.signal,
    });
    if (reply.state === "aborted") return undefined;
    if (reply.state === "failed") return reply.problem;
    await discard(reply.response);
    return reply.response.ok ? undefined : statusProblem(reply.response);
  }

  async #deliver(line: string): Promise<void> {
    const read = readLine(line);
    const messages = read.kind === "batch" ? read.members.map(({ message }) => message) : [read];
    for (const message of messages) {
      if (message?.kind !== "response" && message?.kind !== "error") continue;
      if (message.id === this.#hidden?.id) return this.#hidden.begun(message.kind === "response");
      if (this.#told.delete(message.id)) return;
      this.#over(message.id);
    }
    if (read.kind === "malformed" || this.#closing.signal.aborted) return;
    this.#losses = 0;
    await this.#options.lines.push(line);
  }

  #fail(ids: string[], problem: Problem): void {
    for (const id of ids) {
      const method = this.#open.get(id)?.outbound.method;
      if (method === undefined) continue;
      this.#told.add(id);
      void this.#options.lines.push(errorLine(id, problem, method, this.#options.remote.url));
      this.#over(id);
    }
  }

  #over(id: string): void {
    this.#open.get(id)?.answered(id);
    this.#open.delete(id);
  }

  #host(): string {
    return new URL(this.#options.remote.url).host;
  }
}
