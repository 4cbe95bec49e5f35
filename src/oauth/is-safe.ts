/** `isSafe`: whether tokens may be sent to an address: by http only to this machine, where nobody else listens. */
import type { KmError } from "../errors.ts";
import { cannotLogIn } from "./login-error.ts";

export function isSafe(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || /^(?:127(?:\.\d+){3}|\[::1\]|(?:.+\.)?localhost)$/.test(hostname);
}

export function notSafe(url: string): KmError {
  return cannotLogIn("LGN_001", url, "it wants a login, and anybody could listen: it has to be https", {
    hint: "Use its https address; http is for servers on this machine.",
  });
}
