/** `probeKeychain`: whether the keychain of this system can be used. May never return: see ask-keychain.ts. */
import type { Environment } from "../config/paths.ts";
import { messageOf } from "../errors.ts";
import { loadKeyring } from "./keyring-addon.ts";
import { secretService } from "./secret-service.ts";

export type KeychainProbe = { state: "works" } | { state: "locked" | "absent" | "broken"; reason: string };

const SERVICE = "km doctor";
const ACCOUNT = "probe";

/** Never lets the system ask its user for a password: what is locked is left alone. */
export async function probeKeychain(env: Environment): Promise<KeychainProbe> {
  try {
    if (process.platform === "linux") {
      const found = await secretService(env, process.getuid?.() ?? 0);
      if (found.state === "locked") return { state: "locked", reason: "the default keyring is locked" };
      if (found.state === "absent") return found;
    }
    const keyring = loadKeyring();
    if (keyring === undefined) return { state: "absent", reason: "this build of km cannot use one" };
    // The default on Linux falls back to the kernel's keyring without a word, and a reboot empties that.
    const entry = new keyring.Entry(SERVICE, ACCOUNT, { linux: { store: "secret-service" } });
    // Elsewhere nobody can be asked whether it is locked, and writing might open a dialog.
    if (process.platform !== "linux") entry.getPassword();
    else if (!keepsWhatItIsGiven(entry)) return { state: "broken", reason: "it does not return what was put in" };
    return { state: "works" };
  } catch (error) {
    const reason = messageOf(error);
    return { state: /lock|interaction is not allowed/i.test(reason) ? "locked" : "broken", reason };
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
