/** What the tools of Jaeger work with: connections, each with the one of Jaeger's two APIs that it has. */
import type { BackendClient } from "../backend/backend-client.ts";
import { chosen } from "../backend/chosen.ts";
import { KmError } from "../../errors.ts";
import { legacyReader } from "./legacy-reader.ts";
import type { TraceReader } from "./trace-reader.ts";
import { v3Reader } from "./v3-reader.ts";

export interface JaegerBackend {
  connections: Map<string, Connection>;
}

export interface Connection {
  client: BackendClient;
  /** `auto`: the one below /api, and where that is not there, v3. */
  api: "auto" | "legacy" | "v3";
  /** Once it is known. */
  found?: TraceReader;
}

export async function readerOf(
  backend: JaegerBackend,
  name: string | undefined,
  signal: AbortSignal,
): Promise<TraceReader> {
  const connection = chosen(backend.connections, name);
  connection.found ??= await findReader(connection, signal);
  return connection.found;
}

async function findReader({ client, api }: Connection, signal: AbortSignal): Promise<TraceReader> {
  const legacy = legacyReader(client);
  if (api !== "auto") return api === "legacy" ? legacy : v3Reader(client);
  try {
    await legacy.services(signal);
    return legacy;
  } catch (error) {
    if (!(error instanceof KmError) || error.code !== "SVC_006") throw error;
    const v3 = v3Reader(client);
    await v3.services(signal).catch(neither);
    return v3;
  }
}

function neither(error: unknown): never {
  if (!(error instanceof KmError) || error.code !== "SVC_006") throw error;
  throw new KmError("SVC_006", error.message, {
    hint: "There is neither /api nor /api/v3 below its URL: with a base path (query.base-path), that belongs to the URL.",
    cause: error,
  });
}
