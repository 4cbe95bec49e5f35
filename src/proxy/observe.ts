/**
 * Turns what a pump forwarded into StreamEvents: bytes to lines, lines to messages, messages paired with their requests,
 * secrets masked, each event handed to the sinks. Runs beside the traffic, never in its way, and never throws into it.
 */
import type { Redactor } from "../guard/redaction/redact.ts";
import { Correlator } from "../stream/correlate.ts";
import type { Direction, EventType, Interception, PayloadPolicy, StreamEvent } from "../stream/event.ts";
import { readCutMessage } from "../wire/cut-message.ts";
import { isUtf8 } from "../wire/is-utf8.ts";
import { type Line, type Message, readLine } from "../wire/jsonrpc.ts";
import { HEAD_BYTES, LineSplitter, TAIL_BYTES } from "../wire/lines.ts";
import { clientOf, failureOf, type Implementation, member, serverOf, traceOf } from "../wire/mcp.ts";
import { monotonic } from "../process/monotonic.ts";
import { type Channel, REQUEST, STDERR, type Visitor } from "./pump.ts";
import type { Interceptions } from "./gate/settle.ts";
import { WallClock } from "./wall-clock.ts";

/** Takes every event of a session, in order. */
export interface Sink {
  record(event: StreamEvent): void;
  /** Called after each portion of traffic: what was recorded shall be safe now. */
  flush(): void;
  /** Called when the handshake, or a later message, tells who is who. */
  identify?(parties: { client?: Implementation; server?: Implementation }): void;
}

export interface ObserverOptions {
  payloads: PayloadPolicy;
  redactor: Redactor | undefined;
  /** A longer message is recorded in part. */
  maxMessageBytes: number;
  sinks: Sink[];
}

const ERROR_MESSAGE_LENGTH = 500;
const NO_INTERCEPTIONS: Interceptions = [];

export class Observer implements Visitor {
  readonly #options: ObserverOptions;
  readonly #correlator = new Correlator();
  readonly #splitters: readonly [LineSplitter, LineSplitter, LineSplitter];
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #clock = new WallClock();
  #seq = 0;
  #time = 0;
  /** Whether the chunk at hand may hold a secret; its first line may have begun in an earlier chunk. */
  #chunkSuspect = false;
  #spanning = false;
  /** Of the next line of each channel, then of the line at hand. */
  readonly #notes: [Interceptions, Interceptions, Interceptions] = [
    NO_INTERCEPTIONS,
    NO_INTERCEPTIONS,
    NO_INTERCEPTIONS,
  ];
  #interceptions = NO_INTERCEPTIONS;
  #failures = 0;
  #client: Implementation | undefined;
  #server: Implementation | undefined;

  constructor(options: ObserverOptions) {
    this.#options = options;
    const splitter = (channel: Channel) =>
      new LineSplitter(options.maxMessageBytes, (bytes, size, omitted) => this.#line(channel, bytes, size, omitted));
    this.#splitters = [splitter(0), splitter(1), splitter(2)];
  }

  /** Requests that have no answer yet. */
  pending(): number {
    return this.#correlator.pending();
  }

  /** Those of the client, which the server may be working on. */
  openRequests(): number {
    return this.#correlator.openRequests();
  }

  /** How often observing itself went wrong: events that were not recorded. */
  get failures(): number {
    return this.#failures;
  }

  chunk(channel: Channel, bytes: Uint8Array, time: number): void {
    this.#time = time;
    const splitter = this.#splitters[channel];
    this.#chunkSuspect = this.#options.redactor?.suspects(bytes) ?? false;
    this.#spanning = splitter.partial;
    splitter.push(bytes);
  }

  note(channel: Channel, interceptions: Interceptions): void {
    this.#notes[channel] = interceptions;
  }

  gap(channel: Channel, time: number): void {
    this.#time = time;
    this.#spanning = true;
    this.#splitters[channel].end();
    this.#notes[channel] = NO_INTERCEPTIONS;
  }

  /** The session's first and last event. */
  lifecycle(type: "server_start" | "server_stop", detail: Record<string, unknown>, time = monotonic()): void {
    this.#clock.sync();
    this.#interceptions = NO_INTERCEPTIONS;
    this.#emit(this.#event(type, "response", 0, time), JSON.stringify(detail), true);
  }

  /** Call before and after each portion of traffic. */
  begin(): void {
    this.#clock.sync();
  }

  flush(): void {
    for (const sink of this.#options.sinks) this.#guard(() => sink.flush());
  }

  /** The traffic has ended: what is left without a line ending is a line. */
  end(): void {
    for (const splitter of this.#splitters) {
      this.#spanning = true;
      splitter.end();
    }
  }

  #line(channel: Channel, bytes: Uint8Array, size: number, omitted: number): void {
    const spanning = this.#spanning;
    this.#spanning = false;
    this.#interceptions = this.#notes[channel];
    this.#notes[channel] = NO_INTERCEPTIONS;
    if (bytes.length === 0) return;
    this.#guard(() => {
      const suspect =
        this.#options.redactor !== undefined &&
        (this.#chunkSuspect || spanning) &&
        this.#options.redactor.suspects(bytes);
      const direction = channel === REQUEST ? "request" : "response";
      if (channel === STDERR) this.#plain("stderr", direction, bytes, size, omitted, suspect);
      else if (omitted > 0) this.#cut(direction, bytes, size, omitted, suspect);
      else this.#message(direction, bytes, size, suspect);
    });
  }

  #message(direction: Direction, bytes: Uint8Array, size: number, suspect: boolean): void {
    const text = this.#decoder.decode(bytes);
    const line: Line = readLine(text);
    switch (line.kind) {
      case "malformed":
        return this.#plain("malformed", direction, bytes, size, 0, suspect);
      case "batch":
        for (const [index, { text: json, message }] of line.members.entries()) {
          const event = this.#event(message?.kind ?? "malformed", direction, Buffer.byteLength(json), this.#time);
          event.batch = [index, line.members.length];
          if (message !== undefined) this.#describe(event, message, suspect);
          this.#emit(event, json, suspect);
        }
        return;
      default: {
        const event = this.#event(line.kind, direction, size, this.#time);
        this.#describe(event, line, suspect);
        if (isLossy(text, bytes) && !suspect) this.#emitBytes(event, bytes);
        else this.#emit(event, text, suspect);
      }
    }
  }

  /** A message over the limit: its kind and its call are told from its ends. */
  #cut(direction: Direction, bytes: Uint8Array, size: number, omitted: number, suspect: boolean): void {
    const head = this.#decoder.decode(bytes.subarray(0, HEAD_BYTES));
    const tail = this.#decoder.decode(bytes.subarray(HEAD_BYTES));
    const message = readCutMessage(head, tail);
    const event = this.#event(message?.kind ?? "malformed", direction, size, this.#time);
    event.truncated = true;
    if (message !== undefined) this.#describe(event, message, suspect);
    this.#emitText(event, `${head}[${omitted} bytes omitted]${tail}`, suspect);
  }

  /** A line that is not a message. */
  #plain(
    type: EventType,
    direction: Direction,
    bytes: Uint8Array,
    size: number,
    omitted: number,
    suspect: boolean,
  ): void {
    const event = this.#event(type, direction, size, this.#time);
    if (omitted > 0) event.truncated = true;
    const text = this.#decoder.decode(bytes);
    // In base64 a secret could not be masked.
    if (isLossy(text, bytes) && !suspect) this.#emitBytes(event, bytes);
    else this.#emitText(event, text, suspect);
  }

  #describe(event: StreamEvent, message: Message, suspect: boolean): void {
    const correlation = this.#correlator.observe(message, event.direction, event.seq, this.#time);
    if (correlation.call !== undefined) event.call = correlation.call;
    if (correlation.method !== undefined) event.method = correlation.method;
    if (this.#options.payloads !== "off") {
      if (correlation.tool !== undefined) event.tool = correlation.tool;
      if (correlation.target !== undefined) event.target = this.#masked(correlation.target, suspect);
    }
    if (correlation.durationMs !== undefined) event.duration_ms = correlation.durationMs;
    if (correlation.continues !== undefined) event.continues = correlation.continues;
    if (message.kind === "request" || message.kind === "notification") {
      const params = member(message.value, "params");
      const trace = traceOf(params);
      if (trace !== undefined) event.trace = trace;
      if (event.direction === "request") this.#identify("client", clientOf(message.method, params));
      return;
    }
    const failure = failureOf(message);
    if (failure !== undefined) {
      event.error_type = failure.type;
      // Masked before it is cut: half a secret has no shape to be known by.
      const words = this.#recordsPayload() ? this.#masked(failure.message, suspect) : "";
      if (words !== "") event.error_message = words.slice(0, ERROR_MESSAGE_LENGTH);
    }
    if (event.direction === "response") {
      this.#identify("server", serverOf(correlation.method, member(message.value, "result")));
    }
  }

  #identify(side: "client" | "server", found: Implementation | undefined): void {
    if (found === undefined) return;
    const known = side === "client" ? this.#client : this.#server;
    if (known?.name === found.name && known.version === found.version) return;
    if (side === "client") this.#client = found;
    else this.#server = found;
    for (const sink of this.#options.sinks) sink.identify?.({ [side]: found });
  }

  #event(type: EventType, direction: Direction, bytes: number, time: number): StreamEvent {
    this.#seq++;
    return { seq: this.#seq, timestamp: this.#clock.timestamp(time), type, direction, bytes };
  }

  /** `json` is one JSON value. */
  #emit(event: StreamEvent, json: string, suspect = false): void {
    if (this.#recordsPayload() || event.type === "server_start" || event.type === "server_stop") {
      event.message = this.#maskedIn(event, json, suspect);
    }
    this.#hand(event);
  }

  #emitText(event: StreamEvent, text: string, suspect: boolean): void {
    if (this.#recordsPayload()) event.text = this.#maskedIn(event, text, suspect);
    this.#hand(event);
  }

  #emitBytes(event: StreamEvent, bytes: Uint8Array): void {
    if (this.#recordsPayload()) event.base64 = Buffer.from(bytes).toString("base64");
    this.#hand(event);
  }

  #hand(event: StreamEvent): void {
    // One alone is about the whole line.
    const interception = this.#interceptions[this.#interceptions.length > 1 ? (event.batch?.[0] ?? 0) : 0];
    if (interception !== undefined) this.#intercept(event, interception);
    for (const sink of this.#options.sinks) sink.record(event);
  }

  /** A request fails with its answer, a notification by itself. */
  #intercept(event: StreamEvent, { action, by, waited_ms: waited, reason, forwarded }: Interception): void {
    event.intercepted = { action, by, ...(waited === undefined ? {} : { waited_ms: waited }) };
    if (action === "blocked" && event.type !== "request") event.error_type = "blocked";
    if (!this.#recordsPayload()) return;
    if (reason !== undefined) {
      const words = this.#maskedIn(event, reason, true).slice(0, ERROR_MESSAGE_LENGTH);
      event.intercepted.reason = words;
      if (event.error_type === "blocked") event.error_message = words;
    }
    if (forwarded !== undefined) {
      event.intercepted.forwarded = ends(this.#maskedIn(event, forwarded, true), this.#options.maxMessageBytes);
    }
  }

  #recordsPayload(): boolean {
    return this.#options.payloads === "full" || this.#options.payloads === "redacted";
  }

  #maskedIn(event: StreamEvent, text: string, suspect: boolean): string {
    if (!suspect || this.#options.redactor === undefined) return text;
    const masked = this.#options.redactor.redact(text);
    if (masked.count > 0) event.redacted = (event.redacted ?? 0) + masked.count;
    return masked.text;
  }

  #masked(words: string, suspect: boolean): string {
    return suspect ? (this.#options.redactor?.redact(words).text ?? words) : words;
  }

  /** A fault of km's own in observing costs that event, nothing else. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failures++;
      if (process.env["KM_DEBUG"]) console.error("km: cannot record an event:", error);
    }
  }
}

/** A text over the limit cut as a message over it is: to its beginning and end. */
function ends(text: string, limit: number): string {
  if (text.length <= Math.max(limit, HEAD_BYTES + TAIL_BYTES)) return text;
  const omitted = text.length - HEAD_BYTES - TAIL_BYTES;
  return `${text.slice(0, HEAD_BYTES)}[${omitted} characters omitted]${text.slice(-TAIL_BYTES)}`;
}

/** Whether the text is not what the bytes were: they are not UTF-8. A replacement character may also stand in the line itself. */
function isLossy(text: string, bytes: Uint8Array): boolean {
  return text.includes("\ufffd") && !isUtf8(bytes);
}
