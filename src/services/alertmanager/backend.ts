/** What the tools of Alertmanager work with: connections, by their names. */
import * as v from "valibot";
import type { BackendClient, BackendRequest } from "../backend/backend-client.ts";
import { chosen } from "../backend/chosen.ts";

export interface AlertmanagerBackend {
  connections: Map<string, BackendClient>;
}

export function connectionOf(backend: AlertmanagerBackend, name: string | undefined): BackendClient {
  return chosen(backend.connections, name);
}

const MOST_BYTES = 32 << 20;

/** @throws KmError SVC_003 to SVC_008 */
export async function ask<T>(
  client: BackendClient,
  request: BackendRequest,
  schema: v.GenericSchema<unknown, T>,
): Promise<T> {
  return await client.json({ mostBytes: MOST_BYTES, ...request }, (value) => {
    const read = v.safeParse(schema, value);
    return read.success ? read.output : undefined;
  });
}
