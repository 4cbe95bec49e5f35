/** `SummaryFold`: the totals of a session, kept up to date event by event. */
import type { Implementation } from "../wire/mcp.ts";
import type { StreamEvent } from "./event.ts";

/** Totals of a session. Written to `summary.json` when it ends; derived from the journal. */
export interface SessionSummary {
  format: 1;
  /** Logical calls, of both directions. */
  calls: number;
  /** Failed answers, tool errors among them, and malformed lines. */
  errors: number;
  events: number;
  /** Bytes on the wire of all events. */
  bytes: number;
  /** Wall clock of the first and the last event, ISO 8601. */
  started_at: string;
  ended_at: string;
  duration_ms: number;
  exit_code?: number;
  /** The signal that ended the server, such as `SIGKILL`. */
  signal?: string;
  /** Events that could not be recorded. */
  lost_events: number;
  client?: Implementation;
  server?: Implementation;
}

/** How a session ended; what only its writer knows. */
export interface SessionEnd {
  exit_code?: number | undefined;
  signal?: string | undefined;
  lost_events?: number | undefined;
}

export class SummaryFold {
  #calls = 0;
  #errors = 0;
  #events = 0;
  #bytes = 0;
  #startedAt = "";
  #endedAt = "";
  #client: Implementation | undefined;
  #server: Implementation | undefined;

  /** Runs for every message of a session: counts and keeps references, allocates nothing. */
  add(event: StreamEvent): void {
    if (this.#events === 0) this.#startedAt = event.timestamp;
    this.#endedAt = event.timestamp;
    this.#events++;
    this.#bytes += event.bytes;
    if (event.type === "request" && (event.call === undefined || event.call === event.seq)) this.#calls++;
    if (event.error_type !== undefined || event.type === "error" || event.type === "malformed") this.#errors++;
  }

  /** What the handshake told; a side that is not known yet is left out. */
  identify(parties: { client?: Implementation | undefined; server?: Implementation | undefined }): void {
    this.#client = parties.client ?? this.#client;
    this.#server = parties.server ?? this.#server;
  }

  summary(end: SessionEnd = {}): SessionSummary {
    return {
      format: 1,
      calls: this.#calls,
      errors: this.#errors,
      events: this.#events,
      bytes: this.#bytes,
      started_at: this.#startedAt,
      ended_at: this.#endedAt,
      duration_ms: this.#events === 0 ? 0 : Math.max(0, Date.parse(this.#endedAt) - Date.parse(this.#startedAt)),
      ...(end.exit_code === undefined ? {} : { exit_code: end.exit_code }),
      ...(end.signal === undefined ? {} : { signal: end.signal }),
      lost_events: end.lost_events ?? 0,
      ...(this.#client === undefined ? {} : { client: this.#client }),
      ...(this.#server === undefined ? {} : { server: this.#server }),
    };
  }
}
