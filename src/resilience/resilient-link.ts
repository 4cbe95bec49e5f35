/**
 * `ResilientLink`: one of several servers, in their order, as a connection that outlives some of what befalls a server: where
 * it cannot be reached at the start the next one is taken, a program that crashes is started again, and no request waits for
 * ever or in too long a queue. What comes and goes stays as it is, byte for byte.
 */
import { backoff } from "../http/backoff.ts";
import type { Health } from "../http/health.ts";
import { LineQueue } from "../http/line-queue.ts";
import { cancelledBy, type Outbound, readOutbound } from "../http/outbound.ts";
import { KmError, messageOf } from "../errors.ts";
import { pause } from "../process/pause.ts";
import { idAt, outlineOf, type Outline, spanOf } from "../wire/outline.ts";
import { CallSlots } from "./call-slots.ts";
import { Deadlines } from "./deadlines.ts";
import type { Upstream, UpstreamLimits, UpstreamLink } from "./upstream.ts";

export interface ResilientOptions {
  /** The one that is meant, then those that stand in for it. */
  upstreams: readonly Upstream[];
  limits: UpstreamLimits;
  /** What a person should know, one sentence without its end. */
  say(text: string): void;
}

interface Running {
  upstream: Upstream;
  link: UpstreamLink;
  /** It has answered, so it is the one for this session. */
  hasAnswered: boolean;
  /** What was tried has failed before the server knew of it. */
  isUnreachable: boolean;
  isLeft: boolean;
  startedMs: number;
}

const SERVER_ERROR = -32_000;
/** As SDKs have it for requests that time out. */
const TIMED_OUT = -32_001;
const LISTEN = "subscriptions/listen";
/** What begins a session, or only asks whether there is one: never in a queue. */
const FREE = new Set(["initialize", "server/discover", "ping", LISTEN]);
/** To do them twice is no harm: they may be sent to the next server where it is not certain that the first has not seen them. */
const SAFE = /^(?:initialize|ping|server\/discover|completion\/complete|prompts\/get|resources\/read|[a-z/]+\/list)$/;
/** A program that ran for so long has not failed at its start. */
const LASTED_MS = 60_000;

export class ResilientLink {
  readonly #lines = new LineQueue();
  readonly #options: ResilientOptions;
  readonly #slots: CallSlots;
  readonly #deadlines: Deadlines;
  /** That wait for their answer, by the exact texts of their ids. */
  readonly #open = new Map<string, Outbound>();
  /** Of the server, which waits for the client. */
  readonly #asked = new Set<string>();
  /** What began the session before 2026-07-28, for a program that is started again. */
  #handshake: { initialize: Outbound; initialized: string | undefined } | undefined;
  #running: Promise<Running | undefined> | undefined;
  #next = 0;
  /** Why the last of them could not be opened. */
  #failure = "";
  #restarts = 0;
  #isClosing = false;
  /** The answers to what stands in a batch may come one by one. */
  #hasBatches = false;
  #quiet = Promise.withResolvers<void>();

  constructor(options: ResilientOptions) {
    this.#options = options;
    this.#slots = new CallSlots(options.limits);
    this.#deadlines = new Deadlines(options.limits.answerTimeoutMs, (id) => void this.#late(id));
  }

  batches(): AsyncGenerator<string[]> {
    return this.#lines.batches();
  }

  /** Never throws. @returns a promise where the sender shall wait before it sends more */
  async send(line: string): Promise<void> {
    const outbound = readOutbound(line);
    const [id] = outbound.ids;
    if (outbound.kind === "answer") this.#answeredByClient(line);
    if (outbound.method === "notifications/initialized" && this.#handshake !== undefined)
      this.#handshake.initialized = line;
    const cancelled = cancelledBy(outbound);
    // One that still waits for its turn the server has never seen.
    if (cancelled !== undefined && this.#slots.drop(cancelled)) return this.#forget(cancelled);
    if (cancelled !== undefined) {
      // It need not be answered, so its time and its place are free; an answer all the same comes too late.
      await this.#pass(outbound);
      return this.#forget(cancelled);
    }
    this.#hasBatches ||= outbound.kind === "messages";
    if (outbound.kind !== "request" || id === undefined) return await this.#pass(outbound);
    if (outbound.method === "initialize") this.#handshake = { initialize: outbound, initialized: undefined };
    this.#open.set(id, outbound);
    if (FREE.has(outbound.method)) return await this.#begin(outbound, id);
    let begun: Promise<void> | undefined;
    const isTaken = this.#slots.take(id, () => (begun = this.#begin(outbound, id)));
    if (isTaken) return await begun; // what waits for its turn keeps nobody
    this.#refuse(id, SERVER_ERROR, "Too many calls wait for the server already. Try again later.");
  }

  /** Resolves when nobody waits for an answer that can come. */
  async settled(): Promise<void> {
    const running = await this.#running;
    await running?.link.settled?.();
    while (this.#open.size > 0 && !this.#isClosing) await this.#quiet.promise;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#quiet.resolve();
    this.#slots.close();
    this.#deadlines.close();
    for (const [id, { method }] of Array.from(this.#open)) {
      if (method !== LISTEN)
        this.#refuse(id, SERVER_ERROR, "The connection is given up, and the server has not answered");
    }
    const running = await this.#running?.catch(() => undefined);
    await running?.link.close();
    this.#lines.end();
  }

  async #begin(outbound: Outbound, id: string): Promise<void> {
    if (outbound.method !== LISTEN) this.#deadlines.begin(id, tokenOf(outbound));
    await this.#pass(outbound);
  }

  async #pass(outbound: Outbound): Promise<void> {
    const running = await (this.#running ??= this.#start());
    if (running !== undefined) return await running.link.send(outbound.line);
    for (const id of outbound.ids) this.#open.set(id, outbound);
    this.#giveUp();
  }

  /** None can be reached, which the client is told before it sees the end. */
  #giveUp(): void {
    for (const id of this.#open.keys()) {
      this.#refuse(id, SERVER_ERROR, this.#failure === "" ? "The server cannot be reached" : this.#failure);
    }
    this.#lines.end();
  }

  /** The first that can be opened, from the one whose turn it is. Undefined where none is left. */
  async #start(): Promise<Running | undefined> {
    const { upstreams, say } = this.#options;
    for (; this.#next < upstreams.length && !this.#isClosing; this.#next++) {
      const upstream = upstreams[this.#next];
      if (upstream === undefined) return undefined;
      const isLast = this.#next === upstreams.length - 1;
      try {
        // Of a link over HTTP each request asks for itself; what is started here asks once.
        const refusal = upstream.isProgram ? upstream.breaker.refusal() : undefined;
        if (refusal !== undefined) throw new KmError("SRV_002", refusal.reason, { hint: refusal.hint });
        return await this.#opened(upstream);
      } catch (error) {
        if (upstream.isProgram && !(error instanceof KmError && error.code === "SRV_002"))
          upstream.breaker.settled("unreachable");
        this.#failure = `Cannot use the server ${upstream.name}: ${messageOf(error)}`;
        say(`${this.#failure}${isLast ? "" : `; ${upstreams[this.#next + 1]?.name} takes its place`}`);
      }
    }
    return undefined;
  }

  async #opened(upstream: Upstream): Promise<Running> {
    const running: Omit<Running, "link"> & { link?: UpstreamLink } = {
      upstream,
      hasAnswered: false,
      isUnreachable: false,
      isLeft: false,
      startedMs: performance.now(),
    };
    const health: Health = {
      refusal: () => {
        const problem = upstream.breaker.refusal();
        if (problem !== undefined) running.isUnreachable = true;
        return problem;
      },
      settled(reached) {
        upstream.breaker.settled(reached);
        if (reached !== "unknown") running.isUnreachable = reached === "unreachable";
      },
    };
    const link = await upstream.open(health);
    const ready: Running = Object.assign(running, { link });
    void this.#read(ready);
    return ready;
  }

  async #read(running: Running): Promise<void> {
    try {
      for await (const line of running.link.lines) {
        if (running.isLeft) return;
        const waiting = this.#receive(line, running);
        if (waiting !== undefined) await waiting;
      }
    } catch (error) {
      this.#options.say(`The connection to ${running.upstream.name} is lost: ${messageOf(error)}`);
    }
    if (!running.isLeft) await this.#ended(running);
  }

  #receive(line: string, running: Running): void | Promise<void> {
    const outline = outlineOf(line);
    if (outline === undefined) return this.#lines.push(line);
    if (outline.kind === "notification") {
      const token = outline.method === "notifications/progress" ? spanOf(line, ["params", "progressToken"]) : undefined;
      if (token !== undefined) this.#deadlines.progress(idAt(line, token));
      const cancelled =
        outline.method === "notifications/cancelled" ? spanOf(line, ["params", "requestId"]) : undefined;
      // The server waits for that answer no more.
      if (cancelled !== undefined && this.#asked.delete(idAt(line, cancelled))) this.#deadlines.release();
      return this.#lines.push(line);
    }
    const id = idAt(line, outline.id);
    if (outline.kind === "request") {
      if (!this.#asked.has(id)) this.#deadlines.hold();
      this.#asked.add(id);
      return this.#lines.push(line);
    }
    return this.#answered(line, id, outline, running);
  }

  #answered(line: string, id: string, outline: Outline, running: Running): void | Promise<void> {
    const outbound = this.#open.get(id);
    if (outbound === undefined) return this.#hasBatches ? this.#lines.push(line) : undefined; // it came too late, or twice
    if (!running.hasAnswered && running.isUnreachable && outline.kind === "error" && this.#mayLeave(outbound)) {
      return this.#leave(running);
    }
    if (!running.hasAnswered) {
      running.hasAnswered = !running.isUnreachable;
      if (running.upstream.isProgram) running.upstream.breaker.settled("reached");
    }
    this.#forget(id);
    return this.#lines.push(line);
  }

  #mayLeave({ method }: Outbound): boolean {
    return this.#next < this.#options.upstreams.length - 1 && SAFE.test(method);
  }

  /** For the next: it gets what is safe to send again, and the others are told. */
  async #leave(running: Running): Promise<void> {
    const { upstreams, say } = this.#options;
    running.isLeft = true;
    say(
      `The server ${running.upstream.name} cannot be reached: ${upstreams[this.#next + 1]?.name ?? "none"} takes its place`,
    );
    this.#next++;
    this.#running = this.#start();
    void running.link.close();
    const next = await this.#running;
    await this.#repeat(next);
  }

  async #repeat(next: Running | undefined): Promise<void> {
    for (const [id, outbound] of Array.from(this.#open)) {
      if (next !== undefined && SAFE.test(outbound.method)) await next.link.send(outbound.line);
      else
        this.#refuse(id, SERVER_ERROR, "The server could not be reached, and it is not certain that nothing was done");
    }
    if (next === undefined) this.#lines.end();
  }

  /** It sends nothing any more, and nobody has asked it to end. */
  async #ended(running: Running): Promise<void> {
    if (this.#isClosing) return;
    const { limits, say } = this.#options;
    const { upstream } = running;
    running.isLeft = true;
    void running.link.close();
    if (!running.hasAnswered) {
      if (upstream.isProgram) upstream.breaker.settled("unreachable");
      if (
        [...this.#open.values()].every((outbound) => this.#mayLeave(outbound)) &&
        this.#next < this.#options.upstreams.length - 1
      ) {
        return await this.#leave(running);
      }
    }
    if (performance.now() - running.startedMs > LASTED_MS) this.#restarts = 0;
    for (const id of this.#open.keys()) this.#refuse(id, SERVER_ERROR, "The server has ended before it answered");
    this.#letGo();
    if (!upstream.isProgram || this.#restarts >= (limits.restarts ?? 0)) {
      say(
        `The server ${upstream.name} has ended${this.#restarts > 0 ? ` again, and was started ${this.#restarts} times` : ""}`,
      );
      this.#lines.end();
      return;
    }
    this.#restarts++;
    say(
      `The server ${upstream.name} has ended by itself and is started again (${this.#restarts} of ${limits.restarts})`,
    );
    this.#running = this.#restarted();
    await this.#running;
  }

  async #restarted(): Promise<Running | undefined> {
    await pause(backoff(this.#restarts));
    const running = await this.#start();
    if (running === undefined) this.#giveUp();
    if (
      running !== undefined &&
      this.#handshake !== undefined &&
      !this.#open.has(this.#handshake.initialize.ids[0] ?? "")
    ) {
      // Its answer the client has had: what this one says is kept from it, since the id is not open.
      await running.link.send(this.#handshake.initialize.line);
      if (this.#handshake.initialized !== undefined) await running.link.send(this.#handshake.initialized);
    }
    return running;
  }

  /** Nobody waits for the answer any more, and the server is told so. */
  async #late(id: string): Promise<void> {
    const seconds = this.#options.limits.answerTimeoutMs / 1000;
    this.#refuse(id, TIMED_OUT, `The server has not answered within ${seconds} s`);
    const running = await this.#running?.catch(() => undefined);
    const params = `{"requestId":${id},"reason":"It took too long"}`;
    await running?.link.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`);
  }

  #answeredByClient(line: string): void {
    const outline = outlineOf(line);
    const isAnswer = outline?.kind === "response" || outline?.kind === "error";
    if (isAnswer && this.#asked.delete(idAt(line, outline.id))) this.#deadlines.release();
  }

  #letGo(): void {
    for (const id of this.#asked) {
      this.#asked.delete(id);
      this.#deadlines.release();
    }
  }

  #refuse(id: string, code: number, message: string): void {
    if (!this.#open.has(id)) return;
    this.#forget(id);
    void this.#lines.push(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message })}}`);
  }

  #forget(id: string): void {
    this.#open.delete(id);
    this.#deadlines.end(id);
    this.#slots.end(id);
    this.#quiet.resolve();
    this.#quiet = Promise.withResolvers();
  }
}

function tokenOf({ line }: Outbound): string | undefined {
  const span = line.includes('"progressToken"') ? spanOf(line, ["params", "_meta", "progressToken"]) : undefined;
  return span && idAt(line, span);
}
