/** What the commands about servers share: the registry of this user, and what its references stand for. */
import { homeFolder, paths } from "../../context.ts";
import { findServer } from "../../servers/find-server.ts";
import type { Registry } from "../../servers/read-servers.ts";
import { readServersFile, serversFile } from "../../servers/read-servers-file.ts";
import type { ReferenceSources } from "../../servers/references.ts";
import type { SecretStore } from "../../servers/secret-store.ts";
import type { Server } from "../../servers/server.ts";
import type { ResolvedStart } from "../../servers/start-of.ts";

/** The file of this user, whether it is there or not. */
export function ownServersFile(): string {
  return serversFile(paths().config);
}

export async function openServers(options: { thorough?: boolean } = {}): Promise<Registry> {
  return await readServersFile(ownServersFile(), { home: homeFolder(), ...options });
}

/** @throws KmError SRV_003 where there is none of that name, CFG_001 to CFG_003 where something is wrong with it */
export async function namedServer(name: string): Promise<Server> {
  return findServer(await openServers(), name);
}

/**
 * @param mayAsk whether somebody may be asked for a passphrase: never in a process whose stdin is an MCP client's
 * @throws KmError as `namedServer`; SRV_004 and SRV_005 for references that cannot be resolved
 */
export async function startNamed(name: string, mayAsk: boolean): Promise<ResolvedStart> {
  const server = await namedServer(name);
  const { startOf } = await import("../../servers/start-of.ts");
  return await startOf(server, referenceSources(mayAsk));
}

/** What keeps secrets is loaded for the first reference to one. */
export function referenceSources(mayAsk: boolean): ReferenceSources {
  let store: SecretStore | undefined;
  return {
    env: process.env,
    async readSecret(name) {
      const { ownSecrets } = await import("./own-secrets.ts");
      return await (store ??= ownSecrets(mayAsk)).get(name);
    },
  };
}
