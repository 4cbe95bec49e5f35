/** `Trace` and `Span`: as the tools of Jaeger see them, whichever of its two APIs they came by; times are microseconds. */
export interface Trace {
  id: string;
  spans: Span[];
  warnings: string[];
}

export interface Span {
  id: string;
  /** Undefined for one that was not called by another. */
  parent: string | undefined;
  /** Its parent does not wait for it. */
  follows: boolean;
  service: string;
  operation: string;
  /** `server`, `client`, ...; empty where it is not said. */
  kind: string;
  startUs: number;
  durationUs: number;
  tags: Record<string, string>;
  /** Of what it ran in: its version, host, pod. */
  resource: Record<string, string>;
  logs: { atUs: number; fields: Record<string, string> }[];
  isError: boolean;
  warnings: string[];
}

export interface TraceSummary {
  id: string;
  service: string;
  operation: string;
  /** RFC 3339 */
  start: string;
  durationMs: number;
  spans: number;
  errors: number;
  /** How many spans of each. */
  services: Record<string, number>;
  /** Spans whose parent is not there: the trace is not complete. */
  orphans?: number;
}

export function summaryOf({ id, spans }: Trace): TraceSummary {
  const known = new Set(spans.map((span) => span.id));
  const roots = spans.filter(({ parent }) => parent === undefined || !known.has(parent));
  const first = roots.toSorted(
    (a, b) => Number(a.parent !== undefined) - Number(b.parent !== undefined) || a.startUs - b.startUs,
  )[0];
  const startUs = spans.reduce((least, span) => Math.min(least, span.startUs), Infinity);
  const endUs = spans.reduce((most, span) => Math.max(most, span.startUs + span.durationUs), -Infinity);
  const services: Record<string, number> = {};
  for (const { service } of spans) services[service] = (services[service] ?? 0) + 1;
  const orphans = roots.filter(({ parent }) => parent !== undefined).length;
  return {
    id,
    service: first?.service ?? "",
    operation: first?.operation ?? "",
    start: spans.length === 0 ? "" : new Date(startUs / 1000).toISOString(),
    durationMs: spans.length === 0 ? 0 : milliseconds(endUs - startUs),
    spans: spans.length,
    errors: spans.filter(({ isError }) => isError).length,
    services,
    ...(orphans > 0 && { orphans }),
  };
}

/** With three digits at most. */
export function milliseconds(us: number): number {
  return Math.round(us) / 1000;
}

/** Children by their parent's id, in the order of time; those whose parent is not there are roots, under the empty id. */
export function childrenOf(spans: readonly Span[]): Map<string, Span[]> {
  const known = new Set(spans.map(({ id }) => id));
  const children = new Map<string, Span[]>();
  for (const span of spans.toSorted((a, b) => a.startUs - b.startUs)) {
    const parent = span.parent !== undefined && known.has(span.parent) && span.parent !== span.id ? span.parent : "";
    const some = children.get(parent);
    if (some === undefined) children.set(parent, [span]);
    else some.push(span);
  }
  return children;
}
