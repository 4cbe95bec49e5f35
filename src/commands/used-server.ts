/** `usedServer`: a server of the registry as `km monitor` starts it; one that is reached by HTTP, as km itself in its place. */
import { resolvedCommand } from "../servers/start-of.ts";
import type { RemoteServer } from "./remote-server.ts";
import { namedServer, referenceSources } from "./servers/open-servers.ts";
import { needsUpstream, upstreamServer } from "./upstream-server.ts";

export interface UsedServer extends Omit<RemoteServer, "opening"> {
  /** The first bytes that it gets on stdin, before the client's. */
  opening?: string;
  /** The folder that it is to be started in. */
  cwd?: string | undefined;
  /** Its variables, as `--env` has them. */
  additions?: string[];
}

/**
 * Nobody is asked for a passphrase: stdin is the client's.
 *
 * @throws KmError SRV_003 where there is none of that name, SRV_004 and SRV_005 for references that cannot be resolved
 */
export async function usedServer(name: string): Promise<UsedServer> {
  const server = await namedServer(name);
  if (server.start.kind === "remote" || needsUpstream(server)) return await upstreamServer(server);
  const { command, shown: recorded, cwd, env } = await resolvedCommand(name, server.start, referenceSources(false));
  return {
    command,
    recorded,
    name,
    env: {},
    cwd,
    additions: Object.entries(env).map(([key, value]) => `${key}=${value}`),
  };
}
