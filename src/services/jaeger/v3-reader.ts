/** `v3Reader`: traces by the API below `/api/v3`. */
import * as v from "valibot";
import type { BackendClient, BackendRequest } from "../backend/backend-client.ts";
import { KmError } from "../../errors.ts";
import {
  type Dependency,
  MOST_BYTES,
  MOST_FOUND,
  type Operation,
  type TraceReader,
  type TraceSearch,
} from "./trace-reader.ts";
import type { Span, Trace } from "./trace.ts";
import { tracesIn, V3_DEPENDENCIES, V3_NOTHING, V3_OPERATIONS, V3_SERVICES, V3_TRACES } from "./v3-api.ts";

export function v3Reader(client: BackendClient): TraceReader {
  const ask = async <T>(request: BackendRequest, schema: v.GenericSchema<unknown, T>): Promise<T> =>
    await client.json({ mostBytes: MOST_BYTES, ...request }, (value) => {
      const read = v.safeParse(schema, value);
      return read.success ? read.output : undefined;
    });
  const found = async (request: BackendRequest): Promise<Trace[]> => {
    const answer = await ask({ ...request, expect: [404] }, v.union([V3_TRACES, V3_NOTHING]));
    return "result" in answer ? tracesIn(answer) : [];
  };
  return {
    async services(signal) {
      return await ask({ path: "/api/v3/services", signal }, V3_SERVICES);
    },
    async operations(service, kind, signal): Promise<Operation[]> {
      const query = { service, spanKind: kind, span_kind: kind };
      const operations = await ask({ path: "/api/v3/operations", query, signal }, V3_OPERATIONS);
      return operations.map(({ name, spanKind }) => ({ name, kind: spanKind }));
    },
    async search(search, signal) {
      const one = async (limit: number): Promise<[asked: Trace[], met: Trace[]]> => {
        const asked = await found({ path: "/api/v3/traces", query: queryOf({ ...search, limit }), signal });
        const isAny = Object.keys(search.tags).length === 0;
        return [asked, isAny ? asked : asked.filter(({ spans }) => spans.some((span) => meets(span, search)))];
      };
      const [asked, met] = await one(search.limit);
      // Versions that do not know tags here give all traces of the service, whatever is asked for.
      if (met.length === asked.length || asked.length < search.limit || search.limit >= MOST_FOUND) return met;
      const [, more] = await one(MOST_FOUND);
      return more.slice(0, search.limit);
    },
    async trace(id, signal) {
      const [trace] = await found({ path: `/api/v3/traces/${encodeURIComponent(id)}`, signal });
      return trace;
    },
    async dependencies(startMs, endMs, signal): Promise<Dependency[]> {
      const query = { startTime: new Date(startMs).toISOString(), endTime: new Date(endMs).toISOString() };
      const counted = await ask({ path: "/api/v3/dependencies", query, signal }, V3_DEPENDENCIES).catch(uncounted);
      return counted.map(({ parent, child, callCount }) => ({ parent, child, calls: callCount }));
    },
  };
}

/** Whether this one span has all that is asked for, but for times; what cannot be told from here counts as met. */
function meets({ service, operation, kind, tags, resource, logs, isError }: Span, wanted: TraceSearch): boolean {
  const own = { ...resource, ...tags, "span.kind": kind, error: String(isError) };
  return (
    service === wanted.service &&
    (wanted.operation === undefined || operation === wanted.operation) &&
    Object.entries(wanted.tags).every(
      ([name, value]) =>
        name.startsWith("otel.") ||
        Object.entries(own).some(([key, has]) => key === name && has === value) ||
        logs.some(({ fields }) => fields[name] === value),
    )
  );
}

function uncounted(error: unknown): never {
  if (!(error instanceof KmError) || error.code !== "SVC_006") throw error;
  throw new KmError("SVC_006", error.message, {
    hint: "Its version has no dependencies below /api/v3: count them from traces, or let api be legacy in services.yaml.",
    cause: error,
  });
}

/** Each by its name and by the one that it had before: where both are there, the new one counts. */
function queryOf(search: TraceSearch): Record<string, string | number | undefined> {
  const seconds = (us: number | undefined): string | undefined => (us === undefined ? undefined : `${us / 1e6}s`);
  const named: [string, string, string | number | undefined][] = [
    ["serviceName", "service_name", search.service],
    ["operationName", "operation_name", search.operation],
    ["startTimeMin", "start_time_min", new Date(search.startMs).toISOString()],
    ["startTimeMax", "start_time_max", new Date(search.endMs).toISOString()],
    ["durationMin", "duration_min", seconds(search.minUs)],
    ["durationMax", "duration_max", seconds(search.maxUs)],
    ["searchDepth", "num_traces", search.limit],
  ];
  const query = named.flatMap(([name, before, value]) => [
    [`query.${name}`, value] as const,
    [`query.${before}`, value] as const,
  ]);
  const attributes = Object.keys(search.tags).length === 0 ? undefined : JSON.stringify(search.tags);
  return { ...Object.fromEntries(query), "query.attributes": attributes };
}
