/** `openClients`: the clients of a service whose backends are asked over HTTP, one for each connection. */
import type { Remote } from "../../http/remote.ts";
import type { Surroundings } from "../service.ts";
import { BackendClient, type ReadError } from "./backend-client.ts";
import { remoteFrom, type WrittenConnection } from "./connections.ts";
import { openConnections, type Written } from "./open-connections.ts";

/** @template C one connection, as services.yaml has it */
export interface HttpBackend<C> {
  /** Of the service. */
  name: string;
  title: string;
  /** Where it is where nothing is said, such as `http://127.0.0.1:9090`. */
  url: string;
  readError: ReadError;
  /** That the service's own words stand for, besides those that are written; what is undefined is left out. */
  headers?: (one: C) => Record<string, string | undefined>;
}

/** @template C as it was written */
export interface OpenedClient<C> {
  client: BackendClient;
  one: C;
  remote: Remote;
}

/** @throws KmError as `remoteFrom`; nothing is open then */
export async function openClients<C extends WrittenConnection, T>(
  { name: service, title, url, readError, headers = () => ({}) }: HttpBackend<C>,
  written: Written<C>,
  around: Surroundings,
  made: (opened: OpenedClient<C>) => T,
): Promise<Map<string, T>> {
  const remotes = await openConnections(written, async (one, name) => {
    const own = Object.entries(headers(one)).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
    const all = { ...one, headers: { ...one.headers, ...Object.fromEntries(own) } };
    return { one, remote: await remoteFrom(`${service}.${name}`, all, url, around) };
  });
  const { cache } = around;
  return new Map(
    Array.from(remotes, ([name, { one, remote }]) => {
      const client = new BackendClient(title, remote, cache, readError);
      return [name, made({ client, one, remote })];
    }),
  );
}
