/** `openKeychain`: the way to an entry of the keychain that opens no dialog. May never return: see keychain-child.ts. */
import type { Entry } from "@napi-rs/keyring";
import type { Environment } from "../config/paths.ts";
import { loadKeyring } from "./keyring-addon.ts";
import { secretService } from "./secret-service.ts";

export type NoKeychain = { state: "locked" | "absent" | "broken"; reason: string };
export type OpenKeychain = { state: "open"; entry(service: string, account: string): Entry };

/** @throws where the module cannot be loaded */
export async function openKeychain(env: Environment): Promise<OpenKeychain | NoKeychain> {
  if (process.platform === "linux") {
    const found = await secretService(env, process.getuid?.() ?? 0);
    if (found.state === "locked") return { state: "locked", reason: "the default keyring is locked" };
    if (found.state === "absent") return found;
  }
  const keyring = loadKeyring();
  if (keyring === undefined) return { state: "absent", reason: "this build of km cannot use one" };
  return {
    state: "open",
    // The default on Linux falls back to the kernel's keyring without a word, and a reboot empties that.
    entry: (service, account) => new keyring.Entry(service, account, { linux: { store: "secret-service" } }),
  };
}

/** What a failure of the keychain's module means. */
export function failureOf(reason: string): NoKeychain {
  return { state: /lock|interaction is not allowed/i.test(reason) ? "locked" : "broken", reason };
}
