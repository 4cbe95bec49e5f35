/** What the commands about servers share: the registry of this user, and the secrets that stand in it as references. */
import { systemKeychain } from "../../auth/keychain.ts";
import { typeNewPassphrase, typePassphrase } from "../../auth/type-passphrase.ts";
import { homeFolder, paths } from "../../context.ts";
import { findServer } from "../../servers/find-server.ts";
import type { Registry } from "../../servers/read-servers.ts";
import { readServersFile, serversFile } from "../../servers/read-servers-file.ts";
import type { ReferenceSources } from "../../servers/references.ts";
import { type SecretStore, secretStore } from "../../servers/secret-store.ts";
import type { Server } from "../../servers/server.ts";
import { type ResolvedStart, startOf } from "../../servers/start-of.ts";
import { isInteractive } from "../../terminal.ts";
import { say } from "../say.ts";

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
  return await startOf(await namedServer(name), referenceSources(mayAsk));
}

export function referenceSources(mayAsk: boolean): ReferenceSources {
  let store: SecretStore | undefined;
  return { env: process.env, readSecret: (name) => (store ??= ownSecrets(mayAsk)).get(name) };
}

/** The keychain is asked when the first secret is. */
export function ownSecrets(mayAsk: boolean): SecretStore {
  const { env } = process;
  const asking =
    mayAsk && isInteractive()
      ? {
          askPassphrase: () => typePassphrase("Passphrase of the servers' secrets: "),
          askNewPassphrase: () => typeNewPassphrase(say),
        }
      : {};
  return secretStore({ folder: paths().data, env, keychain: systemKeychain(env), ...asking });
}
