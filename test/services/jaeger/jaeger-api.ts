/**
 * `JAEGER_API`: the requests that Jaeger's query service takes and what it answers, as far as km uses it. For the paths below /api/v3
 * by its published description and the handler that implements it (jaegertracing/jaeger-idl `swagger/api_v3/query_service.openapi.yaml`
 * and `proto/api_v3/query_service.proto`; jaegertracing/jaeger, `jaegerquery/internal/apiv3/query_parser.go` and
 * `http_gateway.go`, commit b9335806); for those below /api, which have no description, by their handler (`jaegerquery/internal/
 * http_handler.go`, commit 01a9764c, and its `query_parser.go`) and the types of its answers (`internal/uimodel/model.go`, commit
 * a403f4b0). The stub takes nothing else, and answers nothing else.
 */
import * as v from "valibot";
import type { DescribedOperation } from "../described-operation.ts";

const ANY = /./;
const WHOLE = /^\d+$/;
const MICROSECONDS = /^\d{16}$/;
const MILLISECONDS = /^\d{13}$/;
const MAPPING = /^\{.*\}$/;
const GO_DURATION = /^\d+(?:\.\d+)?(?:us|ms|s|m|h)$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const KIND = /^(?:server|client|producer|consumer|internal)$/;

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.string();
const id = v.pipe(text, v.hexadecimal());

/** Go writes a list that was never made as null. */
const list = <S extends v.GenericSchema>(item: S) => v.nullable(v.array(item));

const tag = v.variant("type", [
  v.strictObject({ key: text, type: v.picklist(["string", "binary"]), value: text }),
  v.strictObject({ key: text, type: v.literal("bool"), value: v.boolean() }),
  v.strictObject({ key: text, type: v.picklist(["int64", "float64"]), value: v.number() }),
]);
const span = v.strictObject({
  traceID: id,
  spanID: id,
  parentSpanID: v.optional(id),
  flags: v.optional(whole),
  operationName: text,
  references: list(v.strictObject({ refType: v.picklist(["CHILD_OF", "FOLLOWS_FROM"]), traceID: id, spanID: id })),
  startTime: whole,
  duration: whole,
  tags: list(tag),
  logs: list(v.strictObject({ timestamp: whole, fields: list(tag) })),
  processID: v.optional(text),
  warnings: list(text),
});
export const LEGACY_TRACE = v.strictObject({
  traceID: id,
  spans: list(span),
  processes: v.record(text, v.strictObject({ serviceName: text, tags: list(tag) })),
  warnings: list(text),
});

const structured = (data: v.GenericSchema) =>
  v.strictObject({
    data,
    total: whole,
    limit: whole,
    offset: whole,
    errors: list(v.strictObject({ code: v.optional(whole), msg: text, traceID: v.optional(id) })),
  });

/** 64 bits are texts in JSON of Protocol Buffers. */
const uint64 = v.pipe(text, v.regex(/^\d{1,20}$/));
const value = v.union([
  v.strictObject({ stringValue: text }),
  v.strictObject({ boolValue: v.boolean() }),
  v.strictObject({ intValue: v.pipe(text, v.regex(/^-?\d{1,19}$/)) }),
  v.strictObject({ doubleValue: v.number() }),
  v.strictObject({ bytesValue: text }),
  v.strictObject({ arrayValue: v.looseObject({}) }),
  v.strictObject({ kvlistValue: v.looseObject({}) }),
  v.strictObject({}),
]);
const attributes = v.optional(v.array(v.strictObject({ key: text, value })));
const scope = v.strictObject({ name: v.optional(text), version: v.optional(text), attributes });
const otlpSpan = v.strictObject({
  traceId: id,
  spanId: id,
  traceState: v.optional(text),
  parentSpanId: v.optional(v.union([id, v.literal("")])),
  flags: v.optional(whole),
  name: v.optional(text),
  kind: v.optional(v.picklist([0, 1, 2, 3, 4, 5])),
  startTimeUnixNano: v.optional(uint64),
  endTimeUnixNano: v.optional(uint64),
  attributes,
  droppedAttributesCount: v.optional(whole),
  events: v.optional(v.array(v.strictObject({ timeUnixNano: v.optional(uint64), name: v.optional(text), attributes }))),
  links: v.optional(v.array(v.strictObject({ traceId: id, spanId: id, attributes }))),
  status: v.optional(v.strictObject({ code: v.optional(v.picklist([0, 1, 2])), message: v.optional(text) })),
});
const tracesData = v.strictObject({
  result: v.strictObject({
    resourceSpans: v.optional(
      v.array(
        v.strictObject({
          resource: v.optional(v.strictObject({ attributes })),
          scopeSpans: v.optional(
            v.array(
              v.strictObject({
                scope: v.optional(scope),
                spans: v.optional(v.array(otlpSpan)),
                schemaUrl: v.optional(text),
              }),
            ),
          ),
          schemaUrl: v.optional(text),
        }),
      ),
    ),
  }),
});

/** Of everything that is refused, below /api and below /api/v3. */
export const LEGACY_REFUSAL = structured(v.null());
export const V3_REFUSAL = v.strictObject({
  error: v.strictObject({
    grpcCode: v.optional(whole),
    httpCode: whole,
    message: text,
    httpStatus: v.optional(text),
  }),
});

const times = { startTime: RFC_3339, endTime: RFC_3339 };
const SEARCH_V3: Record<string, RegExp> = {
  "query.serviceName": ANY,
  "query.operationName": ANY,
  "query.startTimeMin": RFC_3339,
  "query.startTimeMax": RFC_3339,
  "query.durationMin": GO_DURATION,
  "query.durationMax": GO_DURATION,
  "query.searchDepth": WHOLE,
  "query.rawTraces": /^(?:true|false)$/,
  "query.attributes": MAPPING,
  // Their former names, which versions 1 have alone, and later ones beside the others.
  "query.service_name": ANY,
  "query.operation_name": ANY,
  "query.start_time_min": RFC_3339,
  "query.start_time_max": RFC_3339,
  "query.duration_min": GO_DURATION,
  "query.duration_max": GO_DURATION,
  "query.num_traces": WHOLE,
  "query.raw_traces": /^(?:true|false)$/,
};

/** `:id` stands for one segment. */
export const JAEGER_API: Record<string, DescribedOperation> = {
  "/api/services": { answer: structured(list(text)) },
  "/api/operations": {
    query: { service: ANY, spanKind: KIND },
    required: ["service"],
    answer: structured(list(v.strictObject({ name: text, spanKind: text }))),
  },
  "/api/traces": {
    query: {
      service: ANY,
      operation: ANY,
      tag: ANY,
      tags: MAPPING,
      start: MICROSECONDS,
      end: MICROSECONDS,
      limit: WHOLE,
      minDuration: GO_DURATION,
      maxDuration: GO_DURATION,
      traceID: ANY,
      raw: /^(?:true|false)$/,
    },
    required: ["service"],
    answer: structured(list(LEGACY_TRACE)),
  },
  "/api/traces/:id": {
    query: { start: MICROSECONDS, end: MICROSECONDS, raw: /^(?:true|false)$/ },
    answer: structured(list(LEGACY_TRACE)),
  },
  "/api/dependencies": {
    query: { endTs: MILLISECONDS, lookback: WHOLE, service: ANY },
    required: ["endTs"],
    answer: structured(list(v.strictObject({ parent: text, child: text, callCount: whole }))),
  },
  "/api/v3/services": { answer: v.strictObject({ services: v.array(text) }) },
  "/api/v3/operations": {
    query: { service: ANY, spanKind: ANY, span_kind: ANY },
    required: ["service"],
    answer: v.strictObject({ operations: v.array(v.strictObject({ name: text, spanKind: text })) }),
  },
  "/api/v3/traces": {
    query: SEARCH_V3,
    required: ["query.startTimeMin", "query.startTimeMax"],
    answer: tracesData,
  },
  "/api/v3/traces/:id": { query: { ...times, rawTraces: /^(?:true|false)$/ }, answer: tracesData },
  "/api/v3/dependencies": {
    query: times,
    required: ["startTime", "endTime"],
    answer: v.strictObject({
      dependencies: v.array(v.strictObject({ parent: text, child: text, callCount: uint64 })),
    }),
  },
};
