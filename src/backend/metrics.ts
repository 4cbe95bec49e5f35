/** `Metrics`: what the service counts, and how Prometheus reads it. */

/** The text format of Prometheus. */
export const METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Upper bounds in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

interface Histogram {
  /** One for each bound, not cumulative, and one for what is above them all. */
  counts: number[];
  sum: number;
}

export type IngestResult = "accepted" | "duplicate" | "rejected";

export class Metrics {
  /** By route and status; a route is the endpoint's path as it is defined, so that there are only so many. */
  readonly #requests = new Map<string, number>();
  readonly #durations = new Map<string, Histogram>();
  readonly #ingested: Record<IngestResult, number> = { accepted: 0, duplicate: 0, rejected: 0 };
  #inFlight = 0;
  #bodyBytes = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  begin(): void {
    this.#inFlight++;
  }

  end(method: string, route: string, status: number, seconds: number): void {
    this.#inFlight--;
    const labels = `method="${method}",route="${route}",status="${status}"`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    const histogram = this.#durations.get(route) ?? {
      counts: Array.from({ length: BUCKETS.length + 1 }, () => 0),
      sum: 0,
    };
    const at = BUCKETS.findIndex((bound) => seconds <= bound);
    const index = at < 0 ? BUCKETS.length : at;
    histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
    histogram.sum += seconds;
    this.#durations.set(route, histogram);
  }

  /** Bytes of bodies, decompressed. */
  received(bytes: number): void {
    this.#bodyBytes += bytes;
  }

  ingested(result: IngestResult, events: number): void {
    this.#ingested[result] += events;
  }

  /** As `METRICS_MEDIA_TYPE` says. */
  render(): string {
    const memory = process.memoryUsage.rss();
    return [
      ...family("km_http_requests_total", "counter", "Requests answered"),
      ...Array.from(this.#requests, ([labels, count]) => `km_http_requests_total{${labels}} ${count}`),
      ...family("km_http_request_duration_seconds", "histogram", "From the request's head to the answer's"),
      ...Array.from(this.#durations, ([route, histogram]) => renderHistogram(route, histogram)).flat(),
      ...family("km_http_requests_in_flight", "gauge", "Requests being answered"),
      `km_http_requests_in_flight ${this.#inFlight}`,
      ...family("km_http_request_body_bytes_total", "counter", "Bytes of request bodies, decompressed"),
      `km_http_request_body_bytes_total ${this.#bodyBytes}`,
      ...family("km_ingest_events_total", "counter", "Events that were sent"),
      ...Object.entries(this.#ingested).map(([result, count]) => `km_ingest_events_total{result="${result}"} ${count}`),
      ...family("process_resident_memory_bytes", "gauge", "Resident memory"),
      `process_resident_memory_bytes ${memory}`,
      "",
    ].join("\n");
  }
}

function family(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function renderHistogram(route: string, { counts, sum }: Histogram): string[] {
  const name = "km_http_request_duration_seconds";
  let total = 0;
  const lines = [...BUCKETS, "+Inf"].map((bound, index) => {
    total += counts[index] ?? 0;
    return `${name}_bucket{route="${route}",le="${bound}"} ${total}`;
  });
  return [...lines, `${name}_sum{route="${route}"} ${sum}`, `${name}_count{route="${route}"} ${total}`];
}
