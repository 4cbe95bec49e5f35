/** `changeKeychain`: gets, sets or deletes one secret of km's in the keychain. May never return: see keychain-child.ts. */
import type { Environment } from "../config/paths.ts";
import { messageOf } from "../errors.ts";
import { failureOf, type NoKeychain, openKeychain } from "./open-keychain.ts";

export type KeychainAction = { action: "get" | "delete" } | { action: "set"; secret: string };
export type KeychainResult =
  { state: "found"; secret: string } | { state: "missing" | "kept" | "deleted" } | NoKeychain;

const SERVICE = "km";

/** @param account the origin of the API that the secret is for */
export async function changeKeychain(
  env: Environment,
  account: string,
  change: KeychainAction,
): Promise<KeychainResult> {
  try {
    const keychain = await openKeychain(env);
    if (keychain.state !== "open") return keychain;
    const entry = keychain.entry(SERVICE, account);
    if (change.action === "delete") return { state: entry.deletePassword() ? "deleted" : "missing" };
    if (change.action === "set") {
      entry.setPassword(change.secret);
      if (entry.getPassword() === change.secret) return { state: "kept" };
      return { state: "broken", reason: "it does not return what was put in" };
    }
    const secret = entry.getPassword();
    return secret === null ? { state: "missing" } : { state: "found", secret };
  } catch (error) {
    const reason = messageOf(error);
    if (change.action !== "set" && /no matching entry/i.test(reason)) return { state: "missing" };
    return failureOf(change.action === "set" ? reason.replaceAll(change.secret, "…") : reason);
  }
}
