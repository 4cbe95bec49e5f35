/** `edgesIn`: which service calls which in traces, how often, how often with an error, and how long that took. */
import type { Trace } from "./trace.ts";
import { milliseconds } from "./trace.ts";

export interface Edge {
  parent: string;
  child: string;
  calls: number;
  errors?: number;
  meanMs?: number;
}

export function edgesIn(traces: readonly Trace[]): Edge[] {
  const edges = new Map<string, { parent: string; child: string; calls: number; errors: number; totalUs: number }>();
  for (const { spans } of traces) {
    const services = new Map(spans.map(({ id, service }) => [id, service]));
    for (const { parent, service, isError, durationUs } of spans) {
      const caller = parent === undefined ? undefined : services.get(parent);
      if (caller === undefined || caller === service) continue;
      const key = JSON.stringify([caller, service]);
      const edge = edges.get(key) ?? { parent: caller, child: service, calls: 0, errors: 0, totalUs: 0 };
      edge.calls++;
      edge.errors += Number(isError);
      edge.totalUs += durationUs;
      edges.set(key, edge);
    }
  }
  return Array.from(edges.values(), ({ totalUs, ...edge }) => ({
    ...edge,
    meanMs: milliseconds(totalUs / edge.calls),
  }));
}
