/** What the tools of Elasticsearch work with: connections, and how one is asked. */
import * as v from "valibot";
import type { BackendClient, BackendRequest } from "../backend/backend-client.ts";
import { chosen } from "../backend/chosen.ts";

export interface ElasticsearchBackend {
  /** By their names. */
  connections: Map<string, BackendClient>;
}

export function connectionOf(backend: ElasticsearchBackend, name: string | undefined): BackendClient {
  return chosen(backend.connections, name);
}

/**
 * @param schema what is needed of the answer
 * @throws KmError SVC_003 to SVC_008
 */
export async function ask<T>(
  client: BackendClient,
  request: BackendRequest,
  schema: v.GenericSchema<unknown, T>,
): Promise<T> {
  return await client.json(request, (value) => {
    const read = v.safeParse(schema, value);
    return read.success ? read.output : undefined;
  });
}

/** One column of a `_cat` API: they are texts, or nothing. */
export const CELL = v.nullish(v.string());

/** A column that counts something. */
export function countIn(cell: string | null | undefined): number | undefined {
  return cell === null || cell === undefined || cell === "" || !Number.isFinite(Number(cell))
    ? undefined
    : Number(cell);
}
