/**
 * `StreamableHttp`: MCP's Streamable HTTP from the client's side. Sessions before 2026-07-28 and the stateless messages since
 * then are told apart by the messages themselves.
 */
import { pause } from "../process/pause.ts";
import { readLine } from "../wire/jsonrpc.ts";
import { MOST_CHARACTERS, mediaType, readAnswer, readEvents, type Take } from "./answer-body.ts";
import { backoff } from "./backoff.ts";
import { EventStream } from "./event-stream.ts";
import { discard, type Reply, waited } from "./http-client.ts";
import { BODY_HEADERS, LegacySession } from "./legacy-session.ts";
import { listTools } from "./list-tools.ts";
import { messageHeaders } from "./message-headers.ts";
import { traceHeaders } from "./trace-headers.ts";
import { allOver, OpenRequest } from "./open-request.ts";
import { cancelledBy, type Outbound } from "./outbound.ts";
import { CLOSED, connectionProblem, errorLine, type Problem, problemText, statusProblem } from "./problem.ts";
import { readRefusal, type Refusal } from "./refusal.ts";
import { resume } from "./server-stream.ts";
import { ToldIds } from "./told-ids.ts";
import { ToolHeaders } from "./tool-headers.ts";
import { ACKNOWLEDGED_MS, type Transport, type TransportOptions } from "./transport.ts";

/** What only lists or reads: to ask twice does no harm. */
const HARMLESS = new Set([
  "server/discover",
  "tools/list",
  "prompts/list",
  "prompts/get",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "completion/complete",
  "tasks/get",
]);
/** Stays open until somebody ends it. */
const SUBSCRIPTION = "subscriptions/listen";
/** By how much a cancellation follows its request, unless that is known to have arrived. */
const CANCEL_AFTER_MS = 100;
/** How long what a cancelled request brings all the same is still taken, once the server knows of the cancellation. */
const CANCELLED_MS = 5000;
const INVALID_PARAMS = -32602;
/** By 2026-07-28: what headers say is not what the message says. */
const HEADER_MISMATCH = -32020;

const NO_ANSWER: Problem = {
  reason: "it took the message and gave no answer",
  hint: "See what the server says in its log.",
};

export interface StreamableHttpOptions extends TransportOptions {
  /**
   * Called where the server takes no initialize here.
   *
   * @returns true where it was taken otherwise
   */
  instead?: ((initialize: Outbound) => Promise<boolean>) | undefined;
}

export class StreamableHttp implements Transport {
  readonly #options: StreamableHttpOptions;
  readonly #open = new Map<string, OpenRequest>();
  readonly #session: LegacySession;
  readonly #tools = new ToolHeaders();
  readonly #closing = new AbortController();
  readonly #told = new ToldIds();
  /** The revision that the last stateless message named. */
  #modern: string | undefined;

  constructor(options: StreamableHttpOptions) {
    this.#options = options;
    this.#session = new LegacySession(options, (line) => this.#deliver(line, undefined));
  }

  async send(outbound: Outbound): Promise<void> {
    const cancelled = cancelledBy(outbound);
    if (cancelled !== undefined) return await this.#cancel(cancelled, outbound);
    if (outbound.ids.length > 0) {
      const request = this.#ask(outbound);
      // What follows belongs to the session that this begins.
      if (outbound.method === "initialize") await request?.over;
      return;
    }
    const told = this.#tell(outbound);
    if (outbound.kind !== "answer") await Promise.race([told, pause(ACKNOWLEDGED_MS)]);
  }

  async settled(): Promise<void> {
    for (const request of this.#open.values()) if (request.outbound.method === SUBSCRIPTION) request.abort();
    await allOver(this.#open);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const request of new Set(this.#open.values())) {
      const { waiting, outbound } = request;
      if (outbound.method !== SUBSCRIPTION) this.#fail(waiting, outbound, CLOSED);
      request.abort();
    }
    await this.#session.close();
  }

  /** @param notification says so, for a server that has to be told */
  async #cancel(id: string, notification: Outbound): Promise<void> {
    const request = this.#open.get(id);
    if (request?.outbound.version !== undefined) {
      request.abort();
      return this.#forget(request);
    }
    if (request === undefined && !this.#session.hasBegun) return;
    await Promise.race([request?.arrived, pause(CANCEL_AFTER_MS)]);
    request?.giveUp();
    const told = this.#tell(notification);
    // A server need not answer what was cancelled, and then nothing would end its connection.
    if (request !== undefined) void told.then(() => setTimeout(() => request.abort(), CANCELLED_MS).unref());
    await Promise.race([told, pause(ACKNOWLEDGED_MS)]);
  }

  /** Undefined where nothing was sent. */
  #ask(outbound: Outbound): OpenRequest | undefined {
    const { method, ids, version } = outbound;
    if (method === "initialize") this.#session.begin(outbound);
    const invalid = version === undefined ? undefined : this.#tools.invalid(outbound);
    if (invalid !== undefined) {
      const hint = "Clients must not call such a tool. Tell those who make the server.";
      const problem = { reason: `its definition of the tool is invalid: ${invalid}`, hint };
      this.#options.say(problemText(problem, method, this.#options.remote.url));
      this.#fail(ids, outbound, problem, INVALID_PARAMS);
      return undefined;
    }
    const request = new OpenRequest(outbound);
    for (const id of ids) {
      this.#open.set(id, request);
      this.#told.delete(id);
    }
    void this.#finish(request);
    return request;
  }

  async #finish(request: OpenRequest): Promise<void> {
    let problem: Problem | undefined;
    try {
      problem = await this.#exchange(request);
    } catch (error) {
      problem = connectionProblem(error); // nobody may wait for ever, whatever it was
    }
    this.#fail(request.waiting, request.outbound, problem ?? NO_ANSWER);
    request.giveUp();
    this.#forget(request);
  }

  /** At once, so that no answer comes in between. */
  #fail(ids: readonly string[], { method }: Outbound, problem: Problem, code?: number): void {
    const { lines, remote } = this.#options;
    for (const id of ids) {
      this.#told.add(id);
      void lines.push(errorLine(id, problem, method, remote.url, code));
    }
  }

  #forget(request: OpenRequest): void {
    for (const id of request.outbound.ids) if (this.#open.get(id) === request) this.#open.delete(id);
  }

  /** @returns why there is no answer */
  async #exchange(request: OpenRequest): Promise<Problem | undefined> {
    const { method, version } = request.outbound;
    const isHarmless = version !== undefined && HARMLESS.has(method);
    let mayLearn = version !== undefined && method === "tools/call";
    for (let failures = 1; ; failures++) {
      const reply = await this.#post(request.outbound, request.signal, isHarmless);
      if (reply.state === "aborted") return undefined;
      if (reply.state === "failed") return reply.problem;
      request.hasArrived();
      const { response } = reply;
      if (!response.ok) {
        const refusal = await readRefusal(response, this.#options.remote.answerTimeoutMs);
        const isUnknown = mayLearn && refusal.code === HEADER_MISMATCH;
        mayLearn = false;
        // What goes into headers may have changed, or nobody has asked for it yet.
        if (isUnknown && (await this.#learnTools(request))) continue;
        return await this.#refused(response.status, refusal, request, statusProblem(response));
      }
      const problem = await this.#receive(response, request);
      const isFinal = problem?.again === "never" || problem?.status !== undefined || problem?.isLate === true;
      if (request.isOver || isFinal || !isHarmless || failures > this.#options.remote.retries) return problem;
      if (!(await waited(backoff(failures), request.signal))) return undefined;
    }
  }

  async #receive(response: Response, request: OpenRequest): Promise<Problem | undefined> {
    const { method, version } = request.outbound;
    const { answerTimeoutMs, retries } = this.#options.remote;
    if (method === "initialize") this.#session.opened(response);
    const events = new EventStream(MOST_CHARACTERS);
    const take: Take = (line) => this.#deliver(line, request);
    const silentMs = method === SUBSCRIPTION ? Infinity : answerTimeoutMs;
    const problem = await readAnswer(response, take, silentMs, events);
    const canGoOn = version === undefined && events.lastId !== undefined && problem?.again !== "never";
    if (request.isOver || !canGoOn) return problem;
    const source = this.#session.source(request.signal);
    return await resume(source, events, take, { isOver: () => request.isOver, retries, silentMs });
  }

  async #refused(
    status: number,
    refusal: Refusal,
    request: OpenRequest,
    problem: Problem,
  ): Promise<Problem | undefined> {
    const { line, id, error } = refusal;
    const { outbound } = request;
    if (line !== undefined && id !== undefined && request.waiting.includes(id)) {
      await this.#deliver(line, request);
      return undefined;
    }
    const isStranger = error === undefined && [400, 404, 405].includes(status);
    if (isStranger && outbound.method === "initialize" && (await this.#options.instead?.(outbound)) === true) {
      request.giveUp();
      return undefined;
    }
    // It does not know to whom it answers. What to do about a login, we know better.
    if (error !== undefined && status !== 401 && status !== 403) {
      for (const own of request.waiting) await this.#deliver(`{"jsonrpc":"2.0","id":${own},"error":${error}}`, request);
    }
    return problem;
  }

  /** Asks for the tools in the name of who calls one. */
  async #learnTools({ outbound, signal }: OpenRequest): Promise<boolean> {
    const pages = await listTools(
      outbound,
      (listing) => this.#post(listing, signal, true),
      this.#options.remote.answerTimeoutMs,
    );
    for (const page of pages) this.#tools.learn(page);
    return pages.length > 0;
  }

  /** What needs no answer. */
  async #tell(outbound: Outbound): Promise<void> {
    const { remote, say } = this.#options;
    const reply = await this.#post(outbound, this.#closing.signal, false);
    if (reply.state === "aborted") return;
    const tell = (problem: Problem): void => say(problemText(problem, outbound.method, remote.url));
    if (reply.state === "failed") return tell(reply.problem);
    const { response } = reply;
    const take: Take = (line) => this.#deliver(line, undefined);
    if (response.ok) {
      if (outbound.method === "notifications/initialized") this.#session.ready(outbound);
      if (mediaType(response) === "text/event-stream")
        void readEvents(response, new EventStream(MOST_CHARACTERS), take);
      else await discard(response);
      return;
    }
    // What is no JSON-RPC at all is for the server to judge, which it does like this.
    if (outbound.kind !== "unknown") await discard(response);
    else if ((await readAnswer(response, take, remote.answerTimeoutMs)) === undefined) return;
    tell(statusProblem(response));
  }

  /** A session that the server has forgotten is begun anew once. */
  async #post(outbound: Outbound, signal: AbortSignal, isRepeatable: boolean): Promise<Reply> {
    for (let renewals = 0; ; renewals++) {
      const version = this.#versionOf(outbound);
      const isOfSession = version === undefined && outbound.method !== "initialize";
      const forgotten = isOfSession ? this.#session.id : undefined;
      const sessionHeaders = isOfSession ? this.#session.headers() : {};
      const own = version === undefined ? sessionHeaders : messageHeaders(outbound, version);
      const reply = await this.#options.client.request({
        method: "POST",
        headers: {
          ...own,
          ...(version === undefined ? {} : this.#tools.headers(outbound)),
          ...traceHeaders(outbound),
          ...BODY_HEADERS,
        },
        body: outbound.line,
        isRepeatable,
        signal,
      });
      const isForgotten = reply.state === "answered" && reply.response.status === 404 && forgotten !== undefined;
      if (!isForgotten || renewals > 0 || !(await this.#session.renewed(forgotten))) return reply;
      await discard(reply.response);
    }
  }

  /** Undefined for what belongs to a session before 2026-07-28. */
  #versionOf({ version, kind }: Outbound): string | undefined {
    if (version !== undefined) this.#modern = version;
    if (version !== undefined || kind === "request") return version;
    return this.#session.hasBegun ? undefined : this.#modern;
  }

  /** @param request in whose answer it came */
  async #deliver(line: string, request: OpenRequest | undefined): Promise<boolean> {
    const read = readLine(line);
    if (read.kind === "malformed") return false;
    if (this.#closing.signal.aborted) return true; // who waited has been told that nothing comes
    const messages = read.kind === "batch" ? read.members.map(({ message }) => message) : [read];
    for (const message of messages) {
      if (message?.kind !== "response" && message?.kind !== "error") continue;
      const asked = request?.waiting.includes(message.id) === true ? request : this.#open.get(message.id);
      if (asked === undefined && messages.length === 1 && this.#told.delete(message.id)) return true;
      if (asked === undefined) continue;
      const { method, version } = asked.outbound;
      if (message.kind === "response" && method === "initialize") this.#session.agreed(message);
      if (message.kind === "response" && method === "tools/list" && version !== undefined) {
        this.#tools.learn(message.value["result"]);
      }
      asked.answered(message.id);
    }
    const taken = this.#options.lines.push(line);
    if (taken !== undefined) await taken;
    return true;
  }
}
