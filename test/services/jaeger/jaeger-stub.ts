/**
 * `startJaegerStub`: takes traces as OpenTelemetry sends them (OTLP as JSON) and answers as Jaeger's query service does: by both of its
 * APIs. It is no Jaeger: it keeps traces in memory, and compares as little as the tests need. Requests are checked against the
 * parameters that Jaeger documents (its OpenAPI description for /api/v3, its page of the internal HTTP API for /api): one that
 * it does not know, or in a wrong form, is refused. How it turns spans into the older form is checked against an example of Jaeger's own.
 */
export interface JaegerStub extends Disposable {
  url: string;
  /** Path and query of each, oldest first. */
  requests: string[];
}

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: string; boolValue?: boolean };
}

export interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: Attribute[];
  events?: { timeUnixNano: string; name: string; attributes?: Attribute[] }[];
  status?: { code?: number; message?: string };
}

export interface OtlpTraces {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { scope?: { name?: string }; spans: OtlpSpan[] }[];
  }[];
}

/** A span with what stands around it. */
interface Kept {
  span: OtlpSpan;
  service: string;
  scope: string;
  resource: Attribute[];
}

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];

/** What each path takes; a pattern for each value. */
const WHOLE = /^\d+$/;
const ANY = /./;
const GO_DURATION = /^\d+(?:\.\d+)?(?:us|ms|s|m|h)$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const LEGACY: Record<string, Record<string, RegExp>> = {
  "/api/services": {},
  "/api/operations": { service: ANY, spanKind: /^(?:server|client|producer|consumer|internal)$/ },
  "/api/traces": {
    service: ANY,
    operation: ANY,
    tags: /^\{.*\}$/,
    start: /^\d{16}$/,
    end: /^\d{16}$/,
    limit: WHOLE,
    minDuration: GO_DURATION,
    maxDuration: GO_DURATION,
  },
  "/api/dependencies": { endTs: /^\d{13}$/, lookback: WHOLE },
};
const QUERY_V3: Record<string, RegExp> = {
  "query.serviceName": ANY,
  "query.service_name": ANY,
  "query.operationName": ANY,
  "query.operation_name": ANY,
  "query.startTimeMin": TIME,
  "query.start_time_min": TIME,
  "query.startTimeMax": TIME,
  "query.start_time_max": TIME,
  "query.durationMin": GO_DURATION,
  "query.duration_min": GO_DURATION,
  "query.durationMax": GO_DURATION,
  "query.duration_max": GO_DURATION,
  "query.searchDepth": WHOLE,
  "query.num_traces": WHOLE,
  "query.attributes": /^\{.*\}$/,
};
const V3: Record<string, Record<string, RegExp>> = {
  "/api/v3/services": {},
  "/api/v3/operations": { service: ANY, spanKind: ANY, span_kind: ANY },
  "/api/v3/traces": QUERY_V3,
  "/api/v3/dependencies": { startTime: TIME, endTime: TIME },
};

/** @param apis which of both it has */
export function startJaegerStub(apis: { legacy: boolean; v3: boolean } = { legacy: true, v3: true }): JaegerStub {
  const kept: Kept[] = [];
  const requests: string[] = [];
  const known = { ...(apis.legacy && LEGACY), ...(apis.v3 && V3) };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search, searchParams } = new URL(request.url);
      if (pathname === "/v1/traces" && request.method === "POST") {
        kept.push(...spansIn((await request.json()) as OtlpTraces));
        return Response.json({ partialSuccess: {} });
      }
      requests.push(`${pathname}${search}`);
      const isV3 = pathname.startsWith("/api/v3/");
      const [, id] = /^\/api\/(?:v3\/)?traces\/([\da-f]+)$/.exec(pathname) ?? [];
      if (id !== undefined && (isV3 ? apis.v3 : apis.legacy))
        return tracesAnswer(
          kept.filter(({ span }) => span.traceId === id),
          isV3,
        );
      const parameters = known[pathname];
      if (parameters === undefined) return new Response("404 page not found", { status: 404 });
      for (const [name, value] of searchParams) {
        if (parameters[name]?.test(value) !== true) return failed(400, `malformed parameter ${name}`, isV3);
      }
      return isV3 ? v3Answer(pathname, searchParams, kept) : legacyAnswer(pathname, searchParams, kept);
    },
  });
  return { url: server.url.origin, requests, [Symbol.dispose]: () => void server.stop(true) };
}

function spansIn({ resourceSpans }: OtlpTraces): Kept[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        span,
        service: resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? "",
        scope: scope?.name ?? "",
        resource: resource.attributes,
      })),
    ),
  );
}

function legacyAnswer(path: string, query: URLSearchParams, kept: readonly Kept[]): Response {
  const structured = (data: unknown, total = 0): Response =>
    Response.json({ data, total, limit: 0, offset: 0, errors: null });
  if (path === "/api/services") {
    const names = [...new Set(kept.map(({ service }) => service))];
    return structured(names, names.length);
  }
  if (path === "/api/operations") {
    if (!query.get("service")) return failed(400, "parameter 'service' is required", false);
    const found = operations(kept, query.get("service"), query.get("spanKind"));
    return structured(found, found.length);
  }
  if (path === "/api/dependencies") {
    if (!query.get("endTs")) return failed(400, "unable to parse param 'endTs'", false);
    return structured(edges(kept));
  }
  if (!query.get("service")) return failed(400, "parameter 'service' is required", false);
  const found = searched(kept, {
    service: query.get("service") ?? "",
    operation: query.get("operation"),
    tags: query.get("tags"),
    startUs: Number(query.get("start") ?? 0),
    endUs: Number(query.get("end") ?? Infinity),
    min: query.get("minDuration"),
    max: query.get("maxDuration"),
    limit: Number(query.get("limit") ?? 100),
  });
  return tracesAnswer(found, false, true);
}

function v3Answer(path: string, query: URLSearchParams, kept: readonly Kept[]): Response {
  if (path === "/api/v3/services") return Response.json({ services: [...new Set(kept.map(({ service }) => service))] });
  if (path === "/api/v3/operations")
    return Response.json({ operations: operations(kept, query.get("service"), query.get("spanKind")) });
  if (path === "/api/v3/dependencies") {
    return Response.json({ dependencies: edges(kept).map((one) => ({ ...one, callCount: String(one.callCount) })) });
  }
  const [from, to] = [query.get("query.startTimeMin"), query.get("query.startTimeMax")];
  if (from === null || to === null) return failed(400, "query.startTimeMin and query.startTimeMax are required", true);
  const found = searched(kept, {
    service: query.get("query.serviceName") ?? "",
    operation: query.get("query.operationName"),
    tags: query.get("query.attributes"),
    startUs: Date.parse(from) * 1000,
    endUs: Date.parse(to) * 1000,
    min: query.get("query.durationMin"),
    max: query.get("query.durationMax"),
    limit: Number(query.get("query.searchDepth") ?? 100),
  });
  return tracesAnswer(found, true);
}

function operations(
  kept: readonly Kept[],
  service: string | null,
  kind: string | null,
): { name: string; spanKind: string }[] {
  const found = kept
    .filter((one) => one.service === service)
    .map(({ span }) => ({ name: span.name, spanKind: KINDS[span.kind] ?? "" }))
    .filter(({ spanKind }) => kind === null || spanKind === kind);
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}

function edges(kept: readonly Kept[]): { parent: string; child: string; callCount: number }[] {
  const counts = new Map<string, number>();
  for (const { span, service } of kept) {
    const parent = kept.find((one) => one.span.spanId === span.parentSpanId)?.service;
    if (parent === undefined || parent === service) continue;
    const key = JSON.stringify([parent, service]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Array.from(counts, ([key, callCount]) => {
    const [parent = "", child = ""] = JSON.parse(key) as string[];
    return { parent, child, callCount };
  });
}

interface Search {
  service: string;
  operation: string | null;
  tags: string | null;
  startUs: number;
  endUs: number;
  min: string | null;
  max: string | null;
  limit: number;
}

/** All spans of traces of which one span meets everything. */
function searched(
  kept: readonly Kept[],
  { service, operation, tags, startUs, endUs, min, max, limit }: Search,
): Kept[] {
  const wanted = Object.entries(JSON.parse(tags ?? "{}") as Record<string, string>);
  const ids = kept.filter((one) => {
    const [from, length] = [micros(one.span.startTimeUnixNano), lengthOf(one.span)];
    const own = new Map(tagsOf(one).map(({ key, value }) => [key, String(value)]));
    return (
      one.service === service &&
      (operation === null || one.span.name === operation) &&
      from >= startUs &&
      from <= endUs &&
      (min === null || length >= goMicros(min)) &&
      (max === null || length <= goMicros(max)) &&
      wanted.every(([name, value]) => own.get(name) === value)
    );
  });
  const most = new Set([...new Set(ids.map(({ span }) => span.traceId))].slice(0, limit));
  return kept.filter(({ span }) => most.has(span.traceId));
}

/** @param isSearch one that finds nothing is no error below /api */
function tracesAnswer(found: readonly Kept[], isV3: boolean, isSearch = false): Response {
  if (found.length === 0 && !isSearch) return failed(404, isV3 ? "No traces found" : "trace not found", isV3);
  if (isV3) {
    const resourceSpans = found.map(({ span, resource, scope }) => ({
      resource: { attributes: resource },
      scopeSpans: [{ scope: { name: scope }, spans: [span] }],
    }));
    return Response.json({ result: { resourceSpans } });
  }
  const ids = [...new Set(found.map(({ span }) => span.traceId))];
  const data = ids.map((id) =>
    legacyTrace(
      id,
      found.filter(({ span }) => span.traceId === id),
    ),
  );
  return Response.json({ data, total: 0, limit: 0, offset: 0, errors: null });
}

export function legacyTraces(traces: OtlpTraces): unknown[] {
  const kept = spansIn(traces);
  const ids = [...new Set(kept.map(({ span }) => span.traceId))];
  return ids.map((id) =>
    legacyTrace(
      id,
      kept.filter(({ span }) => span.traceId === id),
    ),
  );
}

function legacyTrace(traceID: string, found: readonly Kept[]): object {
  const services = [...new Set(found.map(({ service }) => service))];
  const processOf = (service: string): string => `p${services.indexOf(service) + 1}`;
  return {
    traceID,
    spans: found.map((one) => ({
      traceID,
      spanID: one.span.spanId,
      operationName: one.span.name,
      references: one.span.parentSpanId ? [{ refType: "CHILD_OF", traceID, spanID: one.span.parentSpanId }] : [],
      startTime: micros(one.span.startTimeUnixNano),
      duration: lengthOf(one.span),
      tags: tagsOf(one),
      logs: (one.span.events ?? []).map(({ timeUnixNano, name, attributes = [] }) => ({
        timestamp: micros(timeUnixNano),
        fields: [{ key: "event", type: "string", value: name }, ...attributes.map(tagOf)],
      })),
      processID: processOf(one.service),
      warnings: null,
    })),
    processes: Object.fromEntries(services.map((service) => [processOf(service), { serviceName: service, tags: [] }])),
    warnings: null,
  };
}

interface Tag {
  key: string;
  type: string;
  value: string | number | boolean;
}

function tagsOf({ span, scope }: Kept): Tag[] {
  const text = (key: string, value: string): Tag => ({ key, type: "string", value });
  return [
    ...(scope === "" ? [] : [text("otel.scope.name", scope)]),
    ...(span.attributes ?? []).map(tagOf),
    ...(span.kind === 0 ? [] : [text("span.kind", KINDS[span.kind] ?? "")]),
    ...(span.status?.code === 2
      ? [text("otel.status_code", "ERROR"), { key: "error", type: "bool", value: true }]
      : []),
    ...(span.status?.message ? [text("otel.status_description", span.status.message)] : []),
  ];
}

function tagOf({ key, value }: Attribute): Tag {
  if (value.boolValue !== undefined) return { key, type: "bool", value: value.boolValue };
  if (value.intValue !== undefined) return { key, type: "int64", value: Number(value.intValue) };
  return { key, type: "string", value: value.stringValue ?? "" };
}

function micros(nanos: string): number {
  return Number(BigInt(nanos) / 1000n);
}

function lengthOf({ startTimeUnixNano, endTimeUnixNano }: OtlpSpan): number {
  return micros(endTimeUnixNano) - micros(startTimeUnixNano);
}

function goMicros(text: string): number {
  const [, count = "0", unit = "us"] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
  return Number(count) * ({ us: 1, ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 }[unit] ?? Number.NaN);
}

function failed(code: number, message: string, isV3: boolean): Response {
  const body = isV3
    ? { error: { httpCode: code, message } }
    : { data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg: message }] };
  return Response.json(body, { status: code });
}
