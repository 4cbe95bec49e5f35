/**
 * `innerServer`: a server of the official package as one of the gateway's, within this process: lines come and lines go, as over
 * the pipes of a child, and the package sees a transport of that kind, in both eras.
 */
import {
  deserializeMessage,
  type JSONRPCMessage,
  serializeMessage,
  type Transport,
} from "@modelcontextprotocol/server";
import type { StdioServerHandle } from "@modelcontextprotocol/server/stdio";
import type { ServerProcessEvents } from "../../gateway/server-process.ts";
import type { InnerServer, ServerRun } from "../../gateway/server-run.ts";
import { errorLine, INVALID_REQUEST } from "../../gateway/refusal.ts";
import { outlineOf } from "../../wire/outline.ts";

/** @param serve begins the connection */
export function innerServer(serve: (transport: Transport) => StdioServerHandle): InnerServer {
  return { start: (events) => new InnerRun(serve, events) };
}

/** Requests of one connection that have no answer: more than that is nobody's. */
const MOST_OPEN = 1000;
/** Requests that are waited for since they were cancelled. */
const MOST_AWAITED = 100;

class InnerRun implements ServerRun {
  readonly #events: ServerProcessEvents;
  readonly #transport: LineTransport;
  readonly #handle: StdioServerHandle;
  #isOver = false;

  constructor(serve: (transport: Transport) => StdioServerHandle, events: ServerProcessEvents) {
    this.#events = events;
    this.#transport = new LineTransport(async (line) => await events.line(line));
    this.#handle = serve(this.#transport);
  }

  get isFull(): boolean {
    return this.#transport.open >= MOST_OPEN;
  }

  async send(line: string): Promise<void> {
    if (this.#isOver) return;
    try {
      this.#transport.receive(deserializeMessage(line));
    } catch {
      const outline = outlineOf(line);
      const id = outline !== undefined && "id" in outline ? line.slice(outline.id.start, outline.id.end) : undefined;
      if (id !== undefined) await this.#events.line(errorLine(id, INVALID_REQUEST, "Invalid Request"));
    }
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#handle.close();
    this.#events.ended();
  }
}

class LineTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport["onmessage"];
  readonly #write: (line: string) => Promise<void>;
  readonly #open = new Set<string | number>();
  /** Cancelled before they came: of two HTTP requests the later one may be read first. */
  readonly #cancelledAhead = new Set<string | number>();
  #isClosed = false;

  constructor(write: (line: string) => Promise<void>) {
    this.#write = write;
  }

  get open(): number {
    return this.#open.size;
  }

  receive(message: JSONRPCMessage): void {
    if ("method" in message && "id" in message) {
      if (this.#cancelledAhead.delete(message.id)) return;
      this.#open.add(message.id);
    } else if ("method" in message && message.method === "notifications/cancelled") {
      const { requestId } = message.params ?? {};
      if (typeof requestId === "string" || typeof requestId === "number") this.#cancelled(requestId);
    }
    this.onmessage?.(message);
  }

  /** A request that was cancelled has no answer. */
  #cancelled(id: string | number): void {
    if (this.#open.delete(id)) return;
    const [oldest] = this.#cancelledAhead;
    if (oldest !== undefined && this.#cancelledAhead.size >= MOST_AWAITED) this.#cancelledAhead.delete(oldest);
    this.#cancelledAhead.add(id);
  }

  async start(): Promise<void> {
    // Whoever has made it sends from the beginning.
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return;
    if (!("method" in message) && message.id !== undefined) this.#open.delete(message.id);
    await this.#write(serializeMessage(message).trimEnd());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onclose?.();
  }
}
