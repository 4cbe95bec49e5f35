/** The API below `/api` that Jaeger's own pages used first, and that its relatives speak: its answers, read to `Trace`s. */
import * as v from "valibot";
import type { Span, Trace } from "./trace.ts";

const TAG = v.object({ key: v.string(), value: v.unknown() });
const TAGS = v.nullish(v.array(TAG), []);
const SPAN = v.object({
  spanID: v.string(),
  operationName: v.string(),
  references: v.nullish(v.array(v.object({ refType: v.string(), traceID: v.string(), spanID: v.string() })), []),
  startTime: v.number(),
  duration: v.number(),
  tags: TAGS,
  logs: v.nullish(v.array(v.object({ timestamp: v.number(), fields: TAGS })), []),
  processID: v.optional(v.string(), ""),
  warnings: v.nullish(v.array(v.string()), []),
});
const TRACE = v.object({
  traceID: v.string(),
  spans: v.array(SPAN),
  processes: v.optional(v.record(v.string(), v.object({ serviceName: v.string(), tags: TAGS })), {}),
  warnings: v.nullish(v.array(v.string()), []),
});

/** `data` may be null where there is nothing. */
export function answered<T>(data: v.GenericSchema<unknown, T>) {
  return v.object({ data: v.nullable(data) });
}

export const LEGACY_TRACES = answered(v.array(TRACE));
export const LEGACY_NAMES = answered(v.array(v.string()));
export const LEGACY_OPERATIONS = answered(
  v.array(v.object({ name: v.string(), spanKind: v.optional(v.string(), "") })),
);
export const LEGACY_DEPENDENCIES = answered(
  v.array(v.object({ parent: v.string(), child: v.string(), callCount: v.number() })),
);

export function traceOf({ traceID, spans, processes, warnings }: v.InferOutput<typeof TRACE>): Trace {
  return {
    id: traceID,
    warnings: warnings ?? [],
    spans: spans.map((one): Span => {
      const tags = textsOf(one.tags);
      const references = (one.references ?? []).filter((reference) => reference.traceID === traceID);
      const parent = references.find(({ refType }) => refType === "CHILD_OF") ?? references[0];
      return {
        id: one.spanID,
        parent: parent?.spanID,
        follows: parent?.refType === "FOLLOWS_FROM",
        service: processes[one.processID]?.serviceName ?? "",
        operation: one.operationName,
        kind: tags["span.kind"] ?? "",
        startUs: one.startTime,
        durationUs: one.duration,
        tags,
        resource: textsOf(processes[one.processID]?.tags),
        logs: (one.logs ?? []).map(({ timestamp, fields }) => ({ atUs: timestamp, fields: textsOf(fields) })),
        isError: tags["error"] === "true" || tags["otel.status_code"] === "ERROR",
        warnings: one.warnings ?? [],
      };
    }),
  };
}

function textsOf(tags: v.InferOutput<typeof TAGS> | undefined): Record<string, string> {
  return Object.fromEntries(
    (tags ?? []).map(({ key, value }) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}
