/** `probeKeychain`: whether the keychain of this system can be used. May never return: see keychain-child.ts. */
import type { Environment } from "../config/paths.ts";
import { messageOf } from "../errors.ts";
import { failureOf, type NoKeychain, openKeychain } from "./open-keychain.ts";

export type KeychainProbe = { state: "works" } | NoKeychain;

const SERVICE = "km doctor";
const ACCOUNT = "probe";

/** Never lets the system ask its user for a password: what is locked is left alone. */
export async function probeKeychain(env: Environment): Promise<KeychainProbe> {
  try {
    const keychain = await openKeychain(env);
    if (keychain.state !== "open") return keychain;
    const entry = keychain.entry(SERVICE, ACCOUNT);
    // Elsewhere nobody can be asked whether it is locked, and writing might open a dialog.
    if (process.platform !== "linux") entry.getPassword();
    else if (!keepsWhatItIsGiven(entry)) return { state: "broken", reason: "it does not return what was put in" };
    return { state: "works" };
  } catch (error) {
    return failureOf(messageOf(error));
  }
}

function keepsWhatItIsGiven(entry: {
  setPassword(secret: string): void;
  getPassword(): string | null;
  deletePassword(): boolean;
}): boolean {
  const secret = crypto.randomUUID();
  try {
    entry.setPassword(secret);
    return entry.getPassword() === secret;
  } finally {
    entry.deletePassword();
  }
}
