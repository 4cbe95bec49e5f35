/** What the tools of Prometheus work with: connections, and how one is asked. */
import * as v from "valibot";
import type { BackendClient } from "../backend/backend-client.ts";
import { chosen } from "../backend/chosen.ts";

export interface PrometheusBackend {
  /** By their names. */
  connections: Map<string, Connection>;
}

export interface Connection {
  client: BackendClient;
  limits: QueryLimits;
  /** Sent with each request besides its own, as some relatives of Prometheus want them. */
  params: Record<string, string>;
}

export interface QueryLimits {
  /** That a range may span. */
  longestMs: number;
  /** That an answer may have. */
  series: number;
  /** That a query may read, by estimate. */
  samples: number;
}

export interface Asked<T> {
  data: T;
  /** What the backend itself says about the answer, as one sentence each. */
  warnings: string[];
}

type Query = Record<string, string | number | boolean | undefined | string[]>;

export interface Question {
  path: string;
  query?: Query;
  signal: AbortSignal;
  cacheMs?: number;
  mostBytes?: number;
  /** Unless given, a GET; as the form of a POST where the query is long. */
  isPost?: boolean;
}

/** Longer ones are refused by some proxies. */
const LONGEST_QUERY = 2000;

export function connectionOf(backend: PrometheusBackend, name: string | undefined): Connection {
  return chosen(backend.connections, name);
}

/**
 * @param schema of `data`
 * @throws KmError SVC_003 to SVC_008
 */
export async function ask<T>(
  { client, params }: Connection,
  { path, query = {}, isPost = false, ...rest }: Question,
  schema: v.GenericSchema<unknown, T>,
): Promise<Asked<T>> {
  const all = { ...params, ...query };
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(all)) {
    for (const value of [values].flat()) if (value !== undefined) form.append(name, String(value));
  }
  const asForm = isPost || form.toString().length > LONGEST_QUERY;
  const body = {
    method: "POST" as const,
    body: form.toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
    isRepeatable: !isPost,
  };
  const answer = v.object({
    data: schema,
    warnings: v.optional(v.array(v.string()), []),
    infos: v.optional(v.array(v.string()), []),
  });
  const { data, warnings, infos } = await client.json(
    { path, ...rest, ...(asForm ? body : { query: all }) },
    (value) => {
      const read = v.safeParse(answer, value);
      return read.success ? read.output : undefined;
    },
  );
  return { data, warnings: [...warnings, ...infos] };
}

/** What is said about an answer, as one note: undefined for nothing. */
export function noteOf(...parts: (string | undefined)[]): string | undefined {
  const said = parts.filter((part) => part !== undefined && part !== "");
  return said.length === 0 ? undefined : said.join(" ");
}
