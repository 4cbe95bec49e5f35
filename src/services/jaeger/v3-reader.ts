/** `v3Reader`: traces by the API below `/api/v3`. */
import * as v from "valibot";
import type { BackendClient, BackendRequest } from "../backend/backend-client.ts";
import { type Dependency, MOST_BYTES, type Operation, type TraceReader, type TraceSearch } from "./trace-reader.ts";
import type { Trace } from "./trace.ts";
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
      return (await ask({ path: "/api/v3/services", signal }, V3_SERVICES)).services;
    },
    async operations(service, kind, signal): Promise<Operation[]> {
      const query = { service, spanKind: kind, span_kind: kind };
      const { operations } = await ask({ path: "/api/v3/operations", query, signal }, V3_OPERATIONS);
      return operations.map(({ name, spanKind }) => ({ name, kind: spanKind }));
    },
    search: async (search, signal) => await found({ path: "/api/v3/traces", query: queryOf(search), signal }),
    async trace(id, signal) {
      const [trace] = await found({ path: `/api/v3/traces/${encodeURIComponent(id)}`, signal });
      return trace;
    },
    async dependencies(startMs, endMs, signal): Promise<Dependency[]> {
      const query = { startTime: new Date(startMs).toISOString(), endTime: new Date(endMs).toISOString() };
      const { dependencies } = await ask({ path: "/api/v3/dependencies", query, signal }, V3_DEPENDENCIES);
      return dependencies.map(({ parent, child, callCount }) => ({ parent, child, calls: callCount }));
    },
  };
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
