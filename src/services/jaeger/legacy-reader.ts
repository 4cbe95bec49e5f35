/** `legacyReader`: traces by the API below `/api`. */
import * as v from "valibot";
import type { BackendClient, BackendRequest } from "../backend/backend-client.ts";
import { KmError } from "../../errors.ts";
import { type Dependency, MOST_BYTES, type Operation, type TraceReader, type TraceSearch } from "./trace-reader.ts";
import { LEGACY_DEPENDENCIES, LEGACY_NAMES, LEGACY_OPERATIONS, LEGACY_TRACES, traceOf } from "./legacy-api.ts";
import type { Trace } from "./trace.ts";

export function legacyReader(client: BackendClient): TraceReader {
  const ask = async <T>(request: BackendRequest, schema: v.GenericSchema<unknown, { data: T | null }>) =>
    await client.json({ mostBytes: MOST_BYTES, ...request }, (value) => {
      const read = v.safeParse(schema, value);
      return read.success ? read.output : undefined;
    });
  return {
    async services(signal) {
      return (await ask({ path: "/api/services", signal }, LEGACY_NAMES)).data ?? [];
    },
    async operations(service, kind, signal): Promise<Operation[]> {
      const query = { service, spanKind: kind };
      const { data } = await ask({ path: "/api/operations", query, signal }, LEGACY_OPERATIONS);
      return (data ?? []).map(({ name, spanKind }) => ({ name, kind: spanKind }));
    },
    async search(search, signal): Promise<Trace[]> {
      const { data } = await ask({ path: "/api/traces", query: queryOf(search), signal }, LEGACY_TRACES);
      return (data ?? []).map(traceOf);
    },
    async trace(id, signal): Promise<Trace | undefined> {
      try {
        const { data } = await ask({ path: `/api/traces/${encodeURIComponent(id)}`, signal }, LEGACY_TRACES);
        const [found] = data ?? [];
        return found && traceOf(found);
      } catch (error) {
        if (error instanceof KmError && error.code === "SVC_006") return undefined;
        throw error;
      }
    },
    async dependencies(startMs, endMs, signal): Promise<Dependency[]> {
      const query = { endTs: endMs, lookback: endMs - startMs };
      const { data } = await ask({ path: "/api/dependencies", query, signal }, LEGACY_DEPENDENCIES);
      return (data ?? []).map(({ parent, child, callCount }) => ({ parent, child, calls: callCount }));
    },
  };
}

/** Times in microseconds; tags as one JSON object. */
function queryOf(search: TraceSearch): Record<string, string | number | undefined> {
  const { service, operation, limit, tags, minUs, maxUs } = search;
  return {
    service,
    operation,
    limit,
    start: search.startMs * 1000,
    end: search.endMs * 1000,
    minDuration: minUs === undefined ? undefined : `${minUs}us`,
    maxDuration: maxUs === undefined ? undefined : `${maxUs}us`,
    tags: Object.keys(tags).length === 0 ? undefined : JSON.stringify(tags),
  };
}
