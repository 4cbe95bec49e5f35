/** A client of a server over HTTP, and small servers for it: what tests of src/http/ speak to and with. */
import { connectRemote, type RemoteLink } from "../../src/http/remote-link.ts";
import type { Authorizer } from "../../src/http/authorizer.ts";
import type { Remote } from "../../src/http/remote.ts";

export interface Answer {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

export class Client implements AsyncDisposable {
  readonly link: RemoteLink;
  readonly said: string[] = [];
  readonly #lines: AsyncIterator<string>;

  constructor(url: string, options: Partial<Remote> & { authorizer?: Authorizer } = {}) {
    const { authorizer, ...remote } = options;
    const plain: Remote = {
      url,
      transport: "auto",
      headers: {},
      auth: { type: "none" },
      tls: { pins: [] },
      connectTimeoutMs: 5000,
      answerTimeoutMs: 5000,
      retries: 2,
    };
    this.link = connectRemote({ ...plain, ...remote }, { authorizer, say: (text) => this.said.push(text) });
    this.#lines = this.link.lines[Symbol.asyncIterator]();
  }

  async send(message: string | object): Promise<void> {
    await this.link.send(typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  async line(): Promise<string> {
    const { value } = await this.#lines.next();
    return value ?? "";
  }

  async next(): Promise<Answer> {
    return JSON.parse(await this.line()) as Answer;
  }

  async ask(message: string | object): Promise<Answer> {
    await this.send(message);
    return await this.next();
  }

  /** A session before 2026-07-28. */
  async initialize(): Promise<Answer> {
    const answer = await this.ask(INITIALIZE);
    await this.send({ method: "notifications/initialized" });
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link.close();
  }
}

export const INITIALIZE = {
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

/** A request of 2026-07-28. */
export function modern(id: unknown, method: string, params: Record<string, unknown> = {}): object {
  return { id, method, params: { ...params, _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } } };
}

export interface Seen {
  method: string;
  body: string;
  message: Answer;
  headers: Headers;
  signal: AbortSignal;
}

export interface TestServer extends Disposable {
  url: string;
  port: number;
  seen: Seen[];
}

type Handler = (seen: Seen, count: number) => Response | undefined | Promise<Response | undefined>;

/** Answers GET with 405 and what is no request with 202, unless the handler does. */
export function serve(handle: Handler): TestServer {
  const seen: Seen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const body = await request.text();
      const { method, headers, signal } = request;
      const message = method === "POST" ? parsed(body) : {};
      const one = { method, body, message, headers, signal };
      seen.push(one);
      const response = await handle(one, seen.length);
      if (response !== undefined) return response;
      return new Response(null, { status: method === "GET" ? 405 : 202 });
    },
  });
  const port = server.port ?? 0;
  return { url: `http://127.0.0.1:${port}/mcp`, port, seen, [Symbol.dispose]: () => void server.stop(true) };
}

export function parsed(body: string): Answer {
  try {
    return JSON.parse(body) as Answer;
  } catch {
    return {};
  }
}

export function result(id: unknown, value: object = {}, init?: ResponseInit): Response {
  return Response.json({ jsonrpc: "2.0", id, result: value }, init);
}

/** An answer to `initialize`, in a session of that name. */
export function agreed(id: unknown, session: string): Response {
  const value = { protocolVersion: "2025-06-18", capabilities: {}, serverInfo: { name: "test", version: "1" } };
  return result(id, value, { headers: { "mcp-session-id": session } });
}

/** @param parts pieces of the stream; a function is waited for */
export function events(parts: (string | (() => unknown))[]): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const part of parts) {
        if (typeof part === "string") controller.enqueue(encoder.encode(part));
        else await part();
      }
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

export function event(message: object, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`;
}
