/** What the tools of Kibana work with: connections, and how one is asked, in which space. */
import * as v from "valibot";
import type { BackendAnswer, BackendClient, BackendRequest } from "../backend/backend-client.ts";
import { chosen } from "../backend/chosen.ts";

export interface KibanaBackend {
  /** By their names. */
  connections: Map<string, Connection>;
}

export interface Connection {
  client: BackendClient;
  /** Where a call names none. */
  space: string;
}

/** A connection, and a space of it. */
export interface Asking {
  client: BackendClient;
  space: string;
}

/** Without it Kibana takes requests that change something for forged ones. */
const XSRF = { "kbn-xsrf": "km" };

export function askingOf(
  backend: KibanaBackend,
  { connection, space }: { connection?: string | undefined; space?: string | undefined },
): Asking {
  const found = chosen(backend.connections, connection);
  return { client: found.client, space: space ?? found.space };
}

/**
 * @param request its path is that within the space
 * @param schema what is needed of the answer
 * @throws KmError SVC_003 to SVC_008
 */
export async function ask<T>(asking: Asking, request: BackendRequest, schema: v.GenericSchema<unknown, T>): Promise<T> {
  return await asking.client.json(inSpace(asking, request), (value) => {
    const read = v.safeParse(schema, value);
    return read.success ? read.output : undefined;
  });
}

/** Where there is nothing to be read of the answer, or something else than JSON. */
export async function askText(asking: Asking, request: BackendRequest): Promise<BackendAnswer> {
  return await asking.client.text(inSpace(asking, request));
}

function inSpace({ space }: Asking, request: BackendRequest): BackendRequest {
  const prefix = space === "default" ? "" : `/s/${encodeURIComponent(space)}`;
  return { ...request, path: `${prefix}${request.path}`, headers: { ...XSRF, ...request.headers } };
}

/** For errors and previews: "Kibana at http://127.0.0.1:5601, space shop". */
export function placeOf({ client, space }: Asking): string {
  return space === "default" ? client.label : `${client.label}, space ${space}`;
}
