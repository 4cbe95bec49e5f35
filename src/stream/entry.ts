/** `LogEntry`: what `km logs` shows as one row: a logical call with its answer, or a single event that belongs to none. */
import type { Direction, StreamEvent } from "./event.ts";

export interface LogEntry {
  session_id: string;
  /** Name of the server. */
  server: string;
  /** `seq` of the first event: names the entry within its session. */
  seq: number;
  kind: "call" | "notification" | "malformed" | "stderr" | "lifecycle" | "answer";
  /** Direction of the first event: `request` for what the client began, `response` for what the server began. */
  direction: Direction;
  method?: string;
  tool?: string;
  target?: string;
  /** Wall clock of the first event, ISO 8601. */
  timestamp: string;
  /**
   * `pending`: no answer yet and the session runs; `unanswered`: none came before it ended; `cancelled`: the caller
   * gave up and no answer came. A tool result with `isError` is `error`. Entries that are not calls are `ok`, but
   * `malformed` ones are `error`.
   */
  state: "ok" | "error" | "pending" | "unanswered" | "cancelled";
  error_type?: string;
  error_message?: string;
  /** Absent until the call has ended. */
  duration_ms?: number;
  /** Bytes on the wire of all its events. */
  bytes: number;
  /** Requests sent for this one logical call: more than 1 for multi-round-trip calls and polled tasks. */
  rounds: number;
  /** All events of the entry, in order of `seq`. */
  events: StreamEvent[];
}

export interface FoldOptions {
  /** Keep what was sent with the events; else only the beginning of what is not JSON remains. */
  keepPayload?: boolean;
}

/** Later messages of ended calls, such as a second answer, still find their call among this many. */
const ENDED_KEPT = 1000;
const PREVIEW_CHARACTERS = 500;

/** Events to entries, one by one, in order of `seq`. */
export class EntryFold {
  readonly #session: { session_id: string; name: string };
  readonly #keepPayload: boolean;
  readonly #open = new Map<number, LogEntry>();
  readonly #ended = new Map<number, LogEntry>();

  constructor(session: { session_id: string; name: string }, options: FoldOptions = {}) {
    this.#session = session;
    this.#keepPayload = options.keepPayload ?? false;
  }

  /** The entry that the event began (its `seq` is the event's) or changed. */
  add(event: StreamEvent): LogEntry {
    const kept = this.#keepPayload ? event : withoutPayload(event);
    const known = event.call === undefined ? undefined : (this.#open.get(event.call) ?? this.#ended.get(event.call));
    const entry = known ?? this.#begin(kept);
    if (known !== undefined) {
      entry.bytes += event.bytes;
      entry.events.push(kept);
    }
    if (entry.kind === "call") this.#advance(entry, event, event.call ?? event.seq);
    return entry;
  }

  /** The calls without an answer so far. */
  open(): Iterable<LogEntry> {
    return this.#open.values();
  }

  /** To be called when the session is over: what is still pending will not be answered. */
  end(): void {
    for (const entry of this.#open.values()) {
      if (entry.state === "pending") entry.state = "unanswered";
    }
  }

  #begin(event: StreamEvent): LogEntry {
    const kind = kindOf(event);
    return {
      session_id: this.#session.session_id,
      server: this.#session.name,
      seq: event.seq,
      kind,
      direction: event.direction,
      ...(event.method === undefined ? {} : { method: event.method }),
      ...(event.tool === undefined ? {} : { tool: event.tool }),
      ...(event.target === undefined ? {} : { target: event.target }),
      timestamp: event.timestamp,
      state: kind === "call" ? "pending" : isFailure(event) ? "error" : "ok",
      ...(kind === "call" ? {} : outcomeOf(event)),
      bytes: event.bytes,
      rounds: kind === "call" ? 0 : 1,
      events: [event],
    };
  }

  #advance(entry: LogEntry, event: StreamEvent, call: number): void {
    switch (event.type) {
      case "request":
        entry.rounds++;
        entry.state = "pending";
        this.#ended.delete(call);
        this.#open.set(call, entry);
        break;
      case "response":
      case "error":
        if (event.continues !== undefined || !this.#open.delete(call)) return;
        entry.state = isFailure(event) ? "error" : "ok";
        Object.assign(entry, outcomeOf(event));
        this.#remember(call, entry);
        break;
      default:
        if (event.method === "notifications/cancelled" && entry.state === "pending") entry.state = "cancelled";
    }
  }

  #remember(call: number, entry: LogEntry): void {
    this.#ended.set(call, entry);
    if (this.#ended.size <= ENDED_KEPT) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }
}

/** Whether nothing more is expected: an answer may still cross a cancellation. */
export function isSettled(entry: LogEntry): boolean {
  return entry.state !== "pending" && entry.state !== "cancelled";
}

/** Finished entries that wait behind an open call; beyond this they go ahead of it. */
const WINDOW = 10_000;
/** So many bytes of kept payload weigh as much as one entry: the window holds 64 MB at most. */
const BYTES_PER_WEIGHT = 6400;

/**
 * Events to finished entries, in order of `seq`. Only a call that stays open while thousands of entries follow, such as
 * a subscription, comes later, when it ends: memory stays bounded.
 *
 * @param options.running leave calls pending at the end of the events, since the session goes on
 */
export async function* foldEntries(
  events: AsyncIterable<StreamEvent>,
  session: { session_id: string; name: string },
  options: FoldOptions & { running?: boolean } = {},
): AsyncGenerator<LogEntry> {
  const fold = new EntryFold(session, options);
  const weigh = (bytes: number): number => (options.keepPayload ? bytes / BYTES_PER_WEIGHT : 0);
  let waiting: LogEntry[] = [];
  let head = 0;
  let weight = 0;
  let limit = WINDOW;
  for await (const event of events) {
    const entry = fold.add(event);
    if (entry.seq === event.seq) waiting.push(entry);
    weight += 1 + weigh(event.bytes);
    for (let first = waiting[head]; first !== undefined && isSettled(first); first = waiting[++head]) yield first;
    if (head === waiting.length) {
      [waiting, head, weight] = [[], 0, 0];
    } else if (weight > limit) {
      const rest = waiting.slice(head);
      yield* rest.filter(isSettled);
      waiting = rest.filter((one) => !isSettled(one));
      head = 0;
      weight = waiting.reduce((sum, one) => sum + 1 + weigh(one.bytes), 0);
      limit = Math.max(WINDOW, 2 * weight); // else many open calls would be looked through for every event
    }
  }
  if (!options.running) fold.end();
  yield* waiting.slice(head);
}

/** The event without its message; of other text only the beginning. What km says of the server's life stays. */
export function withoutPayload(event: StreamEvent): StreamEvent {
  if (isLifecycle(event)) return event;
  const { message, text, base64, ...rest } = event;
  if (rest.intercepted?.forwarded !== undefined) {
    rest.intercepted = { ...rest.intercepted };
    delete rest.intercepted.forwarded;
  } else if (message === undefined && base64 === undefined && (text?.length ?? 0) <= PREVIEW_CHARACTERS) return event;
  if (text === undefined) return rest;
  // Copied, since a part of a string keeps the whole string in memory.
  return { ...rest, text: Buffer.from(text.slice(0, PREVIEW_CHARACTERS)).toString() };
}

/** Whether the message is km's own: small, and shown in every view. */
export function isLifecycle(event: StreamEvent): boolean {
  return event.type === "server_start" || event.type === "server_stop";
}

function kindOf(event: StreamEvent): LogEntry["kind"] {
  switch (event.type) {
    case "request":
      return "call";
    case "response":
    case "error":
      return "answer";
    case "server_start":
    case "server_stop":
      return "lifecycle";
    default:
      return event.type;
  }
}

function isFailure(event: StreamEvent): boolean {
  return event.type === "error" || event.type === "malformed" || event.error_type !== undefined;
}

function outcomeOf(event: StreamEvent): Partial<LogEntry> {
  return {
    ...(event.error_type === undefined ? {} : { error_type: event.error_type }),
    ...(event.error_message === undefined ? {} : { error_message: event.error_message }),
    ...(event.duration_ms === undefined ? {} : { duration_ms: event.duration_ms }),
  };
}
