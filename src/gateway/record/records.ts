/** `Records`: each HTTP request from its head to its last answer, for the audit log, the metrics, the traces and the log. */
import type { ClientMessage } from "../body-messages.ts";
import { type Identity, NOBODY } from "../access/identity.ts";
import { refusal, SERVER_ERROR } from "../refusal.ts";
import type { RequestContext } from "../request-context.ts";
import type { ServerWatch } from "../server-process.ts";
import { SESSION_HEADER } from "../session.ts";
import type { AuditLog } from "./audit-log.ts";
import type { FrontLog } from "./front-log.ts";
import type { GatewayMetrics } from "./gateway-metrics.ts";
import { type Call, callOf, errorIn, type RequestRecord } from "./request-record.ts";
import type { SpanExporter } from "./span-exporter.ts";
import {
  newSpanId,
  newTrace,
  parseTrace,
  SAMPLED,
  type TraceContext,
  traceparent,
  withTrace,
} from "./trace-context.ts";

export interface RecordsOptions {
  metrics: GatewayMetrics;
  /** Undefined where there is none. */
  audit: AuditLog | undefined;
  log: FrontLog | undefined;
  spans: SpanExporter | undefined;
}

interface Live {
  record: RequestRecord;
  /** Its answer's head is out. */
  isFinished: boolean;
  isOver: boolean;
  whenOver: (() => void)[];
  /** Of the requests in it. */
  methods: string[];
  spans: Map<Call, { trace: TraceContext; spanId: string }>;
}

const UNANSWERED = "unanswered";

export class Records {
  readonly watch: ServerWatch;
  readonly #options: RecordsOptions;
  readonly #live = new WeakMap<Request, Live>();
  /** Whether any of it is more than counted. */
  readonly #isWritten: boolean;

  constructor(options: RecordsOptions) {
    const { metrics, log, audit, spans } = options;
    this.#isWritten = [log, audit, spans].some((record) => record !== undefined);
    this.#options = options;
    this.watch = {
      started: () => metrics.serverStarted(),
      ended(durationMs, isFailure) {
        metrics.serverEnded(durationMs, isFailure);
        if (isFailure) log?.write("warn", "server ended by itself", { duration_ms: Math.round(durationMs) });
      },
    };
  }

  /**
   * What becomes of what a server and its recorder say besides messages: lines of the log, where it is one of lines that
   * programs read. Undefined where that is as it was: on the stderr of km.
   *
   * @param session undefined where several requests share the server
   */
  saidBy(session: string | undefined, { principal }: Identity): ((line: string) => void) | undefined {
    const { log } = this.#options;
    if (log?.isForPeople !== false) return undefined;
    return (line) => log.write("info", "server says", { session, principal, line });
  }

  begin(context: RequestContext): void {
    this.#open(context);
  }

  has(request: Request): boolean {
    return this.#live.has(request);
  }

  identify(request: Request, identity: Identity): void {
    const live = this.#live.get(request);
    if (live !== undefined) live.record.identity = identity;
  }

  identityOf(request: Request): Identity {
    return this.#live.get(request)?.record.identity ?? NOBODY;
  }

  authenticated(by: string, isAccepted: boolean): void {
    this.#options.metrics.authenticated(by, isAccepted);
  }

  /** @param label for what is counted, where the reason has names in it */
  refuse(request: Request, reason: string, response: Response, label = reason): Response {
    const live = this.#live.get(request);
    if (live !== undefined) live.record.refused = reason;
    this.#options.metrics.refused(label);
    return response;
  }

  whenOver(request: Request, then: () => void): void {
    this.#live.get(request)?.whenOver.push(then);
  }

  /** @returns a refusal where it must be written down and cannot be */
  message(context: RequestContext, client: ClientMessage): Response | undefined {
    const { request } = context;
    const { message } = client;
    const live = this.#live.get(request);
    if (message.kind !== "request" || live === undefined) return undefined;
    const call = callOf(message, request.headers, Date.now(), performance.now());
    const { audit } = this.#options;
    if (audit?.isRequired === true && !audit.begun(live.record, call)) {
      const answer = refusal(503, SERVER_ERROR, "Service Unavailable: it cannot be written down now", { id: call.id });
      return this.refuse(request, "audit", answer);
    }
    this.#trace(live, call, client);
    live.record.calls.set(call.id, call);
    live.methods.push(call.method);
    context.answered ??= (id, answer) => this.#answered(live, id, answer);
    return undefined;
  }

  finished(context: RequestContext, response: Response): void {
    const { metrics, log, audit } = this.#options;
    const live = this.#open(context);
    const { record } = live;
    const { status } = response;
    metrics.answered(record.httpMethod, status);
    record.session ??= response.headers.get(SESSION_HEADER) ?? undefined;
    live.isFinished = true;
    const isOfServer = live.methods.length > 0 && record.calls.size === 0; // its own error, with the status that belongs to it
    if (status >= 400 && !isOfServer) record.refused ??= `HTTP ${status}`;
    const isNews = record.refused !== undefined || record.httpMethod === "DELETE";
    if (isNews) audit?.request(record, status, Date.now());
    log?.write(status >= 500 ? "error" : record.refused === undefined ? "info" : "warn", "request", {
      request_id: record.id,
      method: record.httpMethod,
      route: record.path,
      status,
      duration_ms: Math.round((performance.now() - record.startedMs) * 1000) / 1000,
      address: record.address,
      principal: record.identity.principal,
      session: record.session,
      reason: record.refused,
      calls: live.methods.join(" ") || undefined,
    });
    // What was refused on the way has no answer of its own any more.
    if (status >= 400) this.#giveUp(live);
    this.#end(live);
  }

  #open(context: RequestContext): Live {
    const { request, url } = context;
    const known = this.#live.get(request);
    if (known !== undefined) return known;
    const live: Live = {
      record: {
        id: Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex"),
        startedAt: Date.now(),
        startedMs: performance.now(),
        httpMethod: request.method,
        path: url.pathname.slice(0, 200),
        // Later nobody could tell any more.
        address: this.#isWritten ? context.address : "",
        identity: NOBODY,
        session: sessionOf(request, url),
        refused: undefined,
        calls: new Map(),
      },
      isFinished: false,
      isOver: false,
      whenOver: [],
      methods: [],
      spans: new Map(),
    };
    this.#live.set(request, live);
    // Its client has left: whatever comes now, nobody waits for.
    request.signal.addEventListener(
      "abort",
      () => {
        live.isFinished = true;
        this.#giveUp(live);
      },
      { once: true },
    );
    return live;
  }

  #trace(live: Live, call: Call, client: ClientMessage): void {
    const theirs = call.trace && parseTrace(call.trace.traceparent, call.trace.tracestate);
    const { spans } = this.#options;
    if (spans === undefined) {
      // The server shall find the trace where it looks for it, also when it came in a header.
      if (theirs?.parentId !== undefined && !client.text.includes('"traceparent"')) {
        client.text = withTrace(client.text, traceparent(theirs, theirs.parentId), theirs.state);
      }
      return;
    }
    const trace = theirs ?? newTrace();
    const spanId = newSpanId();
    live.spans.set(call, { trace, spanId });
    client.text = withTrace(client.text, traceparent(trace, spanId), theirs === undefined ? undefined : trace.state);
  }

  #answered(live: Live, id: string, answer: string): void {
    const call = live.record.calls.get(id);
    if (call !== undefined) this.#ended(live, call, errorIn(answer, call.method));
  }

  /** Nobody waits for them any more. */
  #giveUp(live: Live): void {
    for (const call of live.record.calls.values()) this.#ended(live, call, UNANSWERED);
    this.#end(live);
  }

  #ended(live: Live, call: Call, error: string | undefined): void {
    const { metrics, audit, spans, log } = this.#options;
    const { record } = live;
    record.calls.delete(call.id);
    const end = { error, durationMs: performance.now() - call.startedMs };
    metrics.called(call, end);
    audit?.ended(record, call, end, Date.now());
    const span = live.spans.get(call);
    if (span !== undefined && (span.trace.flags & SAMPLED) !== 0) {
      spans?.add({ ...span, call, end, session: record.session, address: record.address });
    }
    live.spans.delete(call);
    log?.write("debug", "call", {
      request_id: record.id,
      call: call.method,
      target: call.target,
      error,
      duration_ms: Math.round(end.durationMs * 1000) / 1000,
    });
    this.#end(live);
  }

  #end(live: Live): void {
    if (live.isOver || !live.isFinished || live.record.calls.size > 0) return;
    live.isOver = true;
    for (const then of live.whenOver) then();
  }
}

function sessionOf({ headers }: Request, url: URL): string | undefined {
  return (headers.get(SESSION_HEADER) ?? url.searchParams.get("sessionId"))?.slice(0, 100);
}
