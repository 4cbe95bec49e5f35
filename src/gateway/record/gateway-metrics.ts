/** `GatewayMetrics`: what `km proxy` counts, and how Prometheus reads it. Names and buckets as OpenTelemetry has them for MCP. */
import { type Labels, MetricText, type Sample } from "../../status/metric-text.ts";
import type { Call, CallEnd } from "./request-record.ts";

/** Upper bounds in seconds. */
const BUCKETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
/** What stands for a method that nobody knows: whoever makes names up shall not fill the memory. */
const OTHER = "_OTHER";
const METHODS = new Set(
  `initialize ping server/discover tools/list tools/call prompts/list prompts/get resources/list resources/read
  resources/templates/list resources/subscribe resources/unsubscribe subscriptions/listen completion/complete
  logging/setLevel tasks/get tasks/result tasks/list tasks/update tasks/cancel`.split(/\s+/),
);
const LISTEN = "subscriptions/listen";
const HTTP_METHODS = new Set(["GET", "POST", "DELETE", "OPTIONS", "HEAD"]);

interface Histogram {
  labels: Labels;
  counts: number[];
  sum: number;
}

export interface Surroundings {
  sessions: number;
  /** Of the servers that sessions of 2026-07-28 share. */
  shared: number;
  openRequests: number;
  /** 0 is closed, 0.5 half open, 1 open. */
  breakers: { server: string; state: number }[];
}

export class GatewayMetrics {
  readonly #http = new Map<string, { labels: Labels; count: number }>();
  readonly #refused = new Map<string, { labels: Labels; count: number }>();
  readonly #logins = new Map<string, { labels: Labels; count: number }>();
  readonly #operations = new Map<string, Histogram>();
  readonly #sessions = new Map<string, Histogram>();
  #starts = 0;
  #failures = 0;

  answered(method: string, status: number): void {
    count(this.#http, { method: HTTP_METHODS.has(method) ? method : OTHER, status: String(status) });
  }

  refused(reason: string): void {
    count(this.#refused, { reason });
  }

  authenticated(by: string, isAccepted: boolean): void {
    count(this.#logins, { by, result: isAccepted ? "accepted" : "refused" });
  }

  called({ method }: Call, { error, durationMs }: CallEnd): void {
    // How long somebody listens says nothing of the server.
    if (method === LISTEN) return;
    const labels = {
      mcp_method_name: METHODS.has(method) ? method : OTHER,
      ...(error !== undefined && { error_type: errorType(error) }),
    };
    observe(this.#operations, labels, durationMs / 1000);
  }

  serverStarted(): void {
    this.#starts++;
  }

  /** @param isFailure it ended by itself, before anybody asked it to */
  serverEnded(durationMs: number, isFailure: boolean): void {
    if (isFailure) this.#failures++;
    observe(this.#sessions, isFailure ? { error_type: "exit" } : {}, durationMs / 1000);
  }

  render({ sessions, shared, openRequests, breakers }: Surroundings): string {
    const text = new MetricText();
    text.family("km_proxy_http_requests_total", "counter", "HTTP requests answered", counted(this.#http));
    text.family("km_proxy_refusals_total", "counter", "HTTP requests that came no further", counted(this.#refused));
    text.family("km_proxy_authentications_total", "counter", "Proofs of who asks", counted(this.#logins));
    const operation = "mcp_server_operation_duration_seconds";
    text.family(operation, "histogram", "From a request to its answer", histograms(operation, this.#operations));
    const session = "mcp_server_session_duration_seconds";
    text.family(session, "histogram", "From the start of a server to its end", histograms(session, this.#sessions));
    text.family("km_proxy_sessions", "gauge", "Sessions that are open", [[{}, sessions]]);
    text.family("km_proxy_shared_servers", "gauge", "Servers that run for requests without a session", [[{}, shared]]);
    text.family("km_proxy_open_requests", "gauge", "Requests that wait for their answer", [[{}, openRequests]]);
    text.family("km_proxy_server_starts_total", "counter", "Runs of the server that were started", [
      [{}, this.#starts],
    ]);
    text.family("km_proxy_server_failures_total", "counter", "Runs that ended by themselves", [[{}, this.#failures]]);
    const states = breakers.map(({ server, state }): Sample => [{ server }, state]);
    text.family("km_breaker_state", "gauge", "0 closed, 0.5 half open, 1 open", states);
    text.family("process_resident_memory_bytes", "gauge", "Resident memory", [[{}, process.memoryUsage.rss()]]);
    return text.toString();
  }
}

/** The codes that are defined; a server may make others up. */
function errorType(error: string): string {
  return /^(?:tool_error|unanswered|-32(?:000|00[1-9]|020|021|022|042|60[0-3]|700))$/.test(error) ? error : OTHER;
}

function count(all: Map<string, { labels: Labels; count: number }>, labels: Labels): void {
  const key = JSON.stringify(labels);
  const found = all.get(key);
  if (found === undefined) all.set(key, { labels, count: 1 });
  else found.count++;
}

function counted(all: Map<string, { labels: Labels; count: number }>): Sample[] {
  return Array.from(all.values(), ({ labels, count: total }): Sample => [labels, total]);
}

function observe(all: Map<string, Histogram>, labels: Labels, seconds: number): void {
  const key = JSON.stringify(labels);
  const found = all.get(key) ?? { labels, counts: Array.from({ length: BUCKETS.length + 1 }, () => 0), sum: 0 };
  const at = BUCKETS.findIndex((bound) => seconds <= bound);
  const index = at < 0 ? BUCKETS.length : at;
  found.counts[index] = (found.counts[index] ?? 0) + 1;
  found.sum += seconds;
  all.set(key, found);
}

function histograms(name: string, all: Map<string, Histogram>): Sample[] {
  return Array.from(all.values()).flatMap(({ labels, counts, sum }) => {
    let total = 0;
    const buckets = [...BUCKETS, "+Inf"].map((bound, index): Sample => {
      total += counts[index] ?? 0;
      return [{ series: `${name}_bucket`, ...labels, le: String(bound) }, total];
    });
    return [...buckets, [{ series: `${name}_sum`, ...labels }, sum], [{ series: `${name}_count`, ...labels }, total]];
  });
}
