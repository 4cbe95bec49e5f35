/**
 * `startJaegerStub`: a stub of Jaeger for tests: it takes traces as OpenTelemetry sends them (OTLP as JSON), keeps them in memory, and
 * answers as Jaeger's query service does, by both of its APIs, as far as `jaeger-api.ts` describes them. A request that the
 * description does not know is refused, and noted; so is an answer of the stub's own that the description would not allow. How it turns
 * spans into the older form is checked against an example of Jaeger's own. As a script it says where it is, and ends with its input.
 */
import { answerProblem, requestProblem } from "../described-operation.ts";
import { JAEGER_API, LEGACY_REFUSAL, V3_REFUSAL } from "./jaeger-api.ts";

export interface JaegerStub extends Disposable {
  url: string;
  /** Path and query of each, oldest first. */
  requests: string[];
  /** What was not as the description has it. */
  violations: string[];
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

/** Of what it is that it stands for. */
export interface JaegerKind {
  legacy: boolean;
  v3: boolean;
  /** Below /api/v3 it looks at the attributes of a search, and has dependencies: versions 1 and early 2 do neither. */
  isRecent?: boolean;
}

export function startJaegerStub({ legacy, v3, isRecent = true }: JaegerKind = { legacy: true, v3: true }): JaegerStub {
  const kept: Kept[] = [];
  const requests: string[] = [];
  const violations: string[] = [];
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
      const [, traces, id] = /^(\/api\/(?:v3\/)?traces)\/([\da-f]+)$/.exec(pathname) ?? [];
      const path = traces === undefined ? pathname : `${traces}/:id`;
      const operation = JAEGER_API[path];
      if (operation === undefined || request.method !== "GET") {
        violations.push(`${request.method} ${pathname}: there is no such operation`);
        return new Response("404 page not found", { status: 404 });
      }
      if (!(isV3 ? v3 : legacy) || (path === "/api/v3/dependencies" && !isRecent))
        return new Response("404 page not found", { status: 404 });
      const wrong = requestProblem(operation, searchParams);
      if (wrong !== undefined) {
        violations.push(`${path}: ${wrong}`);
        return Response.json(refusal(400, wrong, isV3), { status: 400 });
      }
      if (isV3 && !isRecent) searchParams.delete("query.attributes");
      const { status = 200, body } =
        id === undefined
          ? isV3
            ? v3Answer(path, searchParams, kept)
            : legacyAnswer(path, searchParams, kept)
          : tracesAnswer(
              kept.filter(({ span }) => span.traceId === id),
              isV3,
            );
      const schema = status === 200 ? operation.answer : isV3 ? V3_REFUSAL : LEGACY_REFUSAL;
      const odd = answerProblem(schema, body);
      if (odd !== undefined) violations.push(`${path} ${odd}`);
      return Response.json(body, { status });
    },
  });
  return { url: server.url.origin, requests, violations, [Symbol.dispose]: () => void server.stop(true) };
}

interface Answer {
  status?: number;
  body: object;
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

function legacyAnswer(path: string, query: URLSearchParams, kept: readonly Kept[]): Answer {
  const structured = (data: unknown, total = 0): Answer => ({
    body: { data, total, limit: 0, offset: 0, errors: null },
  });
  if (path === "/api/services") {
    const names = [...new Set(kept.map(({ service }) => service))];
    return structured(names, names.length);
  }
  if (path === "/api/operations") {
    const found = operations(kept, query.get("service"), query.get("spanKind"));
    return structured(found, found.length);
  }
  if (path === "/api/dependencies") return structured(edges(kept));
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

function v3Answer(path: string, query: URLSearchParams, kept: readonly Kept[]): Answer {
  if (path === "/api/v3/services") return { body: { services: [...new Set(kept.map(({ service }) => service))] } };
  if (path === "/api/v3/operations")
    return { body: { operations: operations(kept, query.get("service"), query.get("spanKind")) } };
  if (path === "/api/v3/dependencies") {
    return { body: { dependencies: edges(kept).map((one) => ({ ...one, callCount: String(one.callCount) })) } };
  }
  const found = searched(kept, {
    service: query.get("query.serviceName") ?? "",
    operation: query.get("query.operationName"),
    tags: query.get("query.attributes"),
    startUs: Date.parse(query.get("query.startTimeMin") ?? "") * 1000,
    endUs: Date.parse(query.get("query.startTimeMax") ?? "") * 1000,
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
    const all = [...one.resource.map(tagOf), ...tagsOf(one)];
    const own = new Map(all.map(({ key, value }) => [key, String(value)]));
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
function tracesAnswer(found: readonly Kept[], isV3: boolean, isSearch = false): Answer {
  if (found.length === 0 && !isSearch)
    return { status: 404, body: refusal(404, isV3 ? "No traces found" : "trace not found", isV3) };
  if (isV3) {
    const resourceSpans = found.map(({ span, resource, scope }) => ({
      resource: { attributes: resource },
      scopeSpans: [{ scope: { name: scope }, spans: [span] }],
    }));
    return { body: { result: { resourceSpans } } };
  }
  const ids = [...new Set(found.map(({ span }) => span.traceId))];
  const data = ids.map((id) =>
    legacyTrace(
      id,
      found.filter(({ span }) => span.traceId === id),
    ),
  );
  return { body: { data, total: 0, limit: 0, offset: 0, errors: null } };
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
  const tagsOfProcess = (service: string): Tag[] =>
    (found.find((one) => one.service === service)?.resource ?? [])
      .filter(({ key }) => key !== "service.name")
      .map(tagOf);
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
    processes: Object.fromEntries(
      services.map((service) => [processOf(service), { serviceName: service, tags: tagsOfProcess(service) }]),
    ),
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

function refusal(code: number, message: string, isV3: boolean): object {
  return isV3
    ? { error: { httpCode: code, message } }
    : { data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg: message }] };
}

if (import.meta.main) {
  const stub = startJaegerStub();
  process.stdout.write(`${stub.url}\n`);
  await Bun.stdin.text();
  process.stdout.write(stub.violations.map((one) => `${one}\n`).join(""));
  stub[Symbol.dispose]();
}
