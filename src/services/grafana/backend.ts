/** What the tools of Grafana work with: connections, and how one is asked. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import type { AlertmanagerBackend } from "../alertmanager/backend.ts";
import type { BackendClient, BackendRequest } from "../backend/backend-client.ts";
import { chosen } from "../backend/chosen.ts";

export interface GrafanaBackend {
  connections: Map<string, Connection>;
  /** Grafana's own Alertmanager, by the names of the same connections. */
  alertmanager: AlertmanagerBackend;
}

export interface Connection {
  client: BackendClient;
  /** Of the pages that people see; without a slash at its end. */
  url: string;
  org: number | undefined;
}

const MOST_BYTES = 32 << 20;

export function connectionOf(backend: GrafanaBackend, name: string | undefined): Connection {
  return chosen(backend.connections, name);
}

/**
 * @param schema of what is needed of the answer
 * @throws KmError SVC_003 to SVC_008
 */
export async function ask<S extends v.GenericSchema>(
  { client }: Connection,
  request: BackendRequest,
  schema: S,
): Promise<v.InferOutput<S>> {
  return await client.json<v.InferOutput<S>>({ mostBytes: MOST_BYTES, ...request }, (value) => {
    const read = v.safeParse(schema, value);
    return read.success ? read.output : undefined;
  });
}

/** Of an answer that is a list: Grafana writes some that have nothing in them as null. */
export function listOf<S extends v.GenericSchema>(item: S) {
  return v.pipe(
    v.nullable(v.array(item)),
    v.transform((all) => all ?? []),
  );
}

/** For what only Grafana Enterprise and Grafana Cloud have: elsewhere there is no such path. */
export async function enterprise<T>(what: string, asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof KmError) || error.code !== "SVC_006") throw error;
    throw new KmError("SVC_006", `${error.message}`, {
      hint: `Only Grafana Enterprise and Grafana Cloud have ${what}.`,
      cause: error,
    });
  }
}
