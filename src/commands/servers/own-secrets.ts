/** `ownSecrets`: the secrets of this user's servers. */
import { systemKeychain } from "../../auth/keychain.ts";
import { typeNewPassphrase, typePassphrase } from "../../auth/type-passphrase.ts";
import { paths } from "../../context.ts";
import { type SecretStore, secretStore } from "../../servers/secret-store.ts";
import { isInteractive } from "../../terminal.ts";
import { say } from "../say.ts";

/**
 * The keychain is asked when the first secret is.
 *
 * @param mayAsk whether somebody may be asked for a passphrase: never in a process whose stdin is an MCP client's
 */
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
