/** `ServiceMetrics`: what is counted of the services' calls, and how Prometheus reads it. */
import { type Labels, labelValue, MetricText, type Sample } from "../../status/metric-text.ts";
import type { CacheCounts, CountedClient } from "../backend/cache.ts";
import type { CallKind, EndedCall } from "../call-observer.ts";

export interface ServiceMeasures {
  openCalls: number;
  connections: number;
  cache: CacheCounts;
  clients: Iterable<CountedClient>;
}

const BREAKER = { closed: 0, "half-open": 0.5, open: 1 };

const DURATIONS: Record<CallKind, string> = {
  tool: "How long calls of tools took",
  prompt: "How long prompts took to be written",
  resource: "How long reads of resources took, by their kinds",
  completion: "How long completions of arguments took, by prompts and kinds of resources",
};

interface Counted {
  labels: Labels;
  calls: number;
  seconds: number;
}

export class ServiceMetrics {
  readonly #calls = new Map<string, Counted>();

  ended({ kind, label = "_OTHER", service = "_OTHER", outcome, durationMs }: EndedCall): void {
    // Whoever makes names up shall not fill the memory: what is not there has no label.
    const labels = { service, [kind]: labelValue(label), outcome };
    const key = JSON.stringify(labels);
    const counted = this.#calls.get(key) ?? { labels, calls: 0, seconds: 0 };
    counted.calls++;
    counted.seconds += durationMs / 1000;
    this.#calls.set(key, counted);
  }

  render({ openCalls, connections, cache, clients }: ServiceMeasures): string {
    const text = new MetricText();
    for (const [kind, help] of Object.entries(DURATIONS)) {
      const all = [...this.#calls.values()].filter(({ labels }) => Object.hasOwn(labels, kind));
      const duration = `km_service_${kind}_duration_seconds`;
      text.family(duration, "summary", help, [
        ...all.map(({ labels, seconds }): Sample => [{ series: `${duration}_sum`, ...labels }, seconds]),
        ...all.map(({ labels, calls }): Sample => [{ series: `${duration}_count`, ...labels }, calls]),
      ]);
    }
    text.family("km_service_open_calls", "gauge", "Calls that have no answer yet", [[{}, openCalls]]);
    text.family("km_service_connections", "gauge", "Connections of clients", [[{}, connections]]);
    text.family("km_service_cache_entries", "gauge", "Answers of backends that are kept", [[{}, cache.entries]]);
    text.family("km_service_cache_bytes", "gauge", "Their size", [[{}, cache.bytes]]);
    text.family("km_service_cache_hits_total", "counter", "Requests that were answered by them", [[{}, cache.hits]]);
    text.family("km_service_cache_misses_total", "counter", "Requests that were not", [[{}, cache.misses]]);
    // Of several with one address the worst counts.
    const states = new Map<string, number>();
    for (const { label, phase } of clients) {
      states.set(label, Math.max(states.get(label) ?? 0, BREAKER[phase]));
    }
    const samples = Array.from(states, ([label, state]): Sample => [{ backend: labelValue(label) }, state]);
    text.family("km_service_breaker_state", "gauge", "0 closed, 0.5 half open, 1 open", samples);
    return text.toString();
  }
}
