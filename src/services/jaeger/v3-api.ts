/** The API below `/api/v3`, which answers in the form of OpenTelemetry: its answers, read to `Trace`s. */
import * as v from "valibot";
import { isMapping } from "../../is-mapping.ts";
import type { Span, Trace } from "./trace.ts";

const ATTRIBUTES = v.optional(v.array(v.object({ key: v.string(), value: v.optional(v.unknown()) })), []);
const NANOS = v.optional(
  v.union([v.pipe(v.string(), v.regex(/^\d{1,20}$/)), v.pipe(v.number(), v.integer(), v.minValue(0))]),
  0,
);
const SPAN = v.object({
  traceId: v.string(),
  spanId: v.string(),
  parentSpanId: v.optional(v.string(), ""),
  name: v.optional(v.string(), ""),
  kind: v.optional(v.union([v.number(), v.string()]), 0),
  startTimeUnixNano: NANOS,
  endTimeUnixNano: NANOS,
  attributes: ATTRIBUTES,
  events: v.optional(
    v.array(v.object({ timeUnixNano: NANOS, name: v.optional(v.string(), ""), attributes: ATTRIBUTES })),
    [],
  ),
  status: v.optional(
    v.object({ code: v.optional(v.union([v.number(), v.string()]), 0), message: v.optional(v.string(), "") }),
    {},
  ),
});
const RESOURCE_SPANS = v.object({
  resource: v.optional(v.object({ attributes: ATTRIBUTES }), {}),
  scopeSpans: v.optional(v.array(v.object({ spans: v.optional(v.array(SPAN), []) })), []),
});

export const V3_TRACES = v.object({ result: v.object({ resourceSpans: v.optional(v.array(RESOURCE_SPANS), []) }) });
/** A search that finds nothing is answered so, with 404. */
export const V3_NOTHING = v.object({ error: v.object({ httpCode: v.literal(404) }) });
/** Some versions leave a list out that has nothing in it. */
function listIn<S extends v.GenericSchema>(name: string, item: S) {
  return v.union([
    v.pipe(
      v.strictObject({}),
      v.transform((): v.InferOutput<S>[] => []),
    ),
    v.pipe(
      v.looseObject({ [name]: v.array(item) }),
      v.transform((answer) => answer[name] ?? []),
    ),
  ]);
}

export const V3_SERVICES = listIn("services", v.string());
export const V3_OPERATIONS = listIn("operations", v.object({ name: v.string(), spanKind: v.optional(v.string(), "") }));
export const V3_DEPENDENCIES = listIn(
  "dependencies",
  v.object({
    parent: v.string(),
    child: v.string(),
    callCount: v.pipe(v.union([v.string(), v.number()]), v.transform(Number)),
  }),
);

const KINDS = ["", "internal", "server", "client", "producer", "consumer"];

/** By trace, in the order in which they come. */
export function tracesIn({ result }: v.InferOutput<typeof V3_TRACES>): Trace[] {
  const traces = new Map<string, Trace>();
  for (const { resource, scopeSpans } of result.resourceSpans) {
    const { "service.name": service = "", ...around } = textsOf(resource.attributes ?? []);
    for (const one of scopeSpans.flatMap(({ spans }) => spans)) {
      const trace = traces.get(one.traceId) ?? { id: one.traceId, spans: [], warnings: [] };
      trace.spans.push(spanOf(one, service, around));
      traces.set(one.traceId, trace);
    }
  }
  return [...traces.values()];
}

function spanOf(one: v.InferOutput<typeof SPAN>, service: string, resource: Record<string, string>): Span {
  const startUs = microseconds(one.startTimeUnixNano);
  const { code, message } = one.status;
  const isError = code === 2 || code === "STATUS_CODE_ERROR";
  const tags = { ...textsOf(one.attributes), ...(isError && message !== "" && { "otel.status_description": message }) };
  const kind =
    typeof one.kind === "number" ? (KINDS[one.kind] ?? "") : one.kind.replace("SPAN_KIND_", "").toLowerCase();
  return {
    id: one.spanId,
    parent: /^0*$/.test(one.parentSpanId) ? undefined : one.parentSpanId,
    service,
    operation: one.name,
    kind,
    // Of a message that was sent: there is no other sign of it.
    follows: kind === "consumer",
    startUs,
    durationUs: Math.max(0, microseconds(one.endTimeUnixNano) - startUs),
    tags,
    resource,
    logs: one.events.map(({ timeUnixNano, name, attributes }) => ({
      atUs: microseconds(timeUnixNano),
      fields: { ...(name !== "" && { event: name }), ...textsOf(attributes) },
    })),
    isError,
    warnings: [],
  };
}

/** As text they have all their digits. */
function microseconds(nanos: string | number): number {
  return Number(BigInt(nanos) / 1000n);
}

function textsOf(attributes: v.InferOutput<typeof ATTRIBUTES>): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, textOf(value)]));
}

/** `{"stringValue": "a"}`, `{"intValue": "1"}` and the like. */
function textOf(value: unknown): string {
  const [inner] = isMapping(value) ? Object.values(value) : [value];
  return typeof inner === "string" ? inner : JSON.stringify(inner ?? "");
}
