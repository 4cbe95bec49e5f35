/**
 * `SharedServer`: one run of the server for all requests of one principal that have no session (2026-07-28). Requests get
 * ids of the gateway's own, and what comes gets those of its client back; nothing else in the texts changes.
 */
import { ToolHeaders } from "../http/tool-headers.ts";
import { isObject, type Message } from "../wire/jsonrpc.ts";
import { idAt, type Outline, outlineOf, replaced, type Span, spanOf } from "../wire/outline.ts";
import { type ClientMessage, memberTexts } from "./body-messages.ts";
import { hasProgressToken } from "./progress-token.ts";
import {
  busy,
  errorLine,
  INTERNAL_ERROR,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  refusal,
  SERVER_GONE,
  unavailable,
} from "./refusal.ts";
import type { ClientRequest } from "./request-context.ts";
import { RestartingServer } from "./restarting-server.ts";
import type { ServerSource } from "./server-run.ts";
import { type SharedCall, sharedCall } from "./shared-call.ts";

/** Of one stream that its client does not read; the others of the same server shall not wait for it. */
const MOST_UNREAD = 16 << 20;

const PROGRESS_TOKEN = ["params", "_meta", "progressToken"];
const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
const CHANGES = /^notifications\/(?:tools|prompts|resources)\/(?:list_changed|updated)$/;

export class SharedServer {
  /** What of the tools' arguments stands in headers too. It outlives the server: clients do not list the tools again. */
  readonly toolHeaders = new ToolHeaders();
  readonly #server: RestartingServer;
  readonly #idleMs: number;
  readonly #calls = new Map<string, SharedCall>();
  #nextId = 1;
  #idle: Timer | undefined;

  constructor(source: ServerSource, idleMs: number) {
    this.#idleMs = idleMs;
    this.#server = new RestartingServer(source, {
      line: (text) => this.#receive(text),
      ended: () => this.#fail([...this.#calls.keys()]),
    });
  }

  get isRunning(): boolean {
    return this.#server.current !== undefined;
  }

  /** But for subscriptions, which would never end. */
  get openRequests(): number {
    return this.#calls
      .values()
      .filter(({ method }) => method !== LISTEN)
      .toArray().length;
  }

  async post({ text, message }: ClientMessage, from: ClientRequest): Promise<Response> {
    const server = this.#server.running();
    if (server === undefined) return this.#resting(message);
    this.#rest();
    if (server.isFull) return busy();
    if (message.kind !== "request") {
      // Who closes its stream cancels a request. An id in words of its own could be meant for another client's.
      const isPassed = message.kind === "notification" && message.method !== "notifications/cancelled";
      if (isPassed) await server.send(text);
      return new Response(null, { status: 202 });
    }
    const id = spanOf(text, ["id"]);
    const token = hasProgressToken(message) ? spanOf(text, PROGRESS_TOKEN) : undefined;
    if (from.signal.aborted) return new Response(null, { status: 499 });
    if (id === undefined) return refusal(400, INVALID_REQUEST, "Invalid Request: its id cannot be found");
    const own = String(this.#nextId++);
    const call = sharedCall({ own, text, id, token, message }, from, () => this.#cancel(own));
    this.#calls.set(own, call);
    clearTimeout(this.#idle);
    from.signal.addEventListener("abort", () => this.#cancel(own), { once: true });
    const spans = token === undefined ? [id] : [id, token];
    await server.send(
      replaced(
        text,
        spans.map((span) => ({ span, by: own })),
      ),
    );
    return await call.exchange.response;
  }

  async end(): Promise<void> {
    clearTimeout(this.#idle);
    const open = [...this.#calls.keys()];
    await this.#server.end();
    this.#fail(open);
  }

  #fail(open: string[]): void {
    for (const own of open) {
      const call = this.#calls.get(own);
      this.#calls.delete(own);
      void call?.exchange.answer(own, errorLine(call.id, INTERNAL_ERROR, SERVER_GONE));
    }
  }

  #resting(message: Message): Response {
    const seconds = Math.max(1, Math.ceil(this.#server.restMs / 1000));
    const id = message.kind === "request" ? message.id : undefined;
    return unavailable("the server has ended several times and is left alone", seconds, id);
  }

  #receive(text: string): void {
    for (const one of memberTexts(text) ?? [text]) {
      const outline = outlineOf(one);
      if (outline === undefined) continue; // what servers log to stdout is no message
      if (outline.kind === "response" || outline.kind === "error") this.#answer(one, outline.id);
      else if (outline.kind === "notification") this.#notify(one, outline);
      else {
        // Servers of this revision ask nobody: there is no way for the answer.
        const id = one.slice(outline.id.start, outline.id.end);
        void this.#server.current?.send(
          errorLine(id, METHOD_NOT_FOUND, "Method not found: the client cannot be asked"),
        );
      }
    }
  }

  #answer(text: string, span: Span): void {
    const own = idAt(text, span);
    const call = this.#calls.get(own);
    if (call === undefined) return;
    this.#server.answered();
    if (call.method === "tools/list" && text.includes('"x-mcp-header"')) this.#learn(text);
    const places = [{ span, by: call.id }];
    const tag = call.method === "subscriptions/listen" ? spanOf(text, ["result", "_meta", SUBSCRIPTION]) : undefined;
    if (tag !== undefined) places.push({ span: tag, by: call.id });
    this.#calls.delete(own);
    void call.exchange.answer(own, replaced(text, places));
    this.#rest();
  }

  #learn(text: string): void {
    try {
      const value: unknown = JSON.parse(text);
      if (isObject(value)) this.toolHeaders.learn(value["result"]);
    } catch {
      // It is no JSON: the client will say so.
    }
  }

  #notify(text: string, { method }: Outline & { kind: "notification" }): void {
    if (method === "notifications/progress") {
      const span = spanOf(text, ["params", "progressToken"]);
      const own = span && idAt(text, span);
      const call = own === undefined ? undefined : this.#calls.get(own);
      if (span !== undefined && own !== undefined && call?.token !== undefined) {
        this.#send(own, call, replaced(text, [{ span, by: call.token }]));
      }
      return;
    }
    if (method === "notifications/cancelled") {
      // So a server ends a subscription on stdio; over HTTP its stream ends.
      const own = spanOf(text, ["params", "requestId"]);
      if (own !== undefined) this.#ended(idAt(text, own));
      return;
    }
    const tag = text.includes("subscriptionId") ? spanOf(text, ["params", "_meta", SUBSCRIPTION]) : undefined;
    if (tag !== undefined) {
      const own = idAt(text, tag);
      const call = this.#calls.get(own);
      if (call !== undefined) this.#send(own, call, replaced(text, [{ span: tag, by: call.id }]));
      return;
    }
    // Changes go only to who has asked for them, and logs too.
    if (CHANGES.test(method)) return;
    const isLog = method === "notifications/message";
    const latest = [...this.#calls].findLast(([, call]) => (isLog ? call.wantsLogs : call.method !== LISTEN));
    if (latest !== undefined) this.#send(...latest, text);
  }

  #send(own: string, call: SharedCall, text: string): void {
    if (call.body !== undefined && call.body.waiting > MOST_UNREAD) {
      void call.exchange.answer(own, errorLine(call.id, INTERNAL_ERROR, "Its client does not read the stream"));
      this.#cancel(own);
    } else void call.exchange.send(text);
  }

  #cancel(own: string): void {
    const call = this.#calls.get(own);
    if (call === undefined) return;
    this.#calls.delete(own);
    call.exchange.drop();
    const params = `{"requestId":${own},"reason":"The client has closed its connection"}`;
    void this.#server.current?.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`);
    this.#rest();
  }

  #ended(own: string): void {
    const call = this.#calls.get(own);
    if (call?.method !== LISTEN) return;
    this.#calls.delete(own);
    call.body?.end();
    this.#rest();
  }

  #rest(): void {
    if (this.#calls.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.end(), this.#idleMs);
  }
}

const LISTEN = "subscriptions/listen";
