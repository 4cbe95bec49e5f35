/** `checkKeychain`: whether the system's keychain can be used. */
import { askKeychain, type KeychainState } from "../auth/ask-keychain.ts";
import type { Finding, Surroundings } from "./check.ts";

export async function checkKeychain({ env }: Surroundings): Promise<Finding[]> {
  return [keychainFinding(await askKeychain(env))];
}

/** None of these is a failure, and most are only told: this version of km keeps nothing in the keychain. */
export function keychainFinding(found: KeychainState): Finding {
  const base = { id: "keychain", title: "system keychain" };
  const unneeded = "this km keeps nothing there";
  switch (found.state) {
    case "works":
      return { ...base, status: "ok", detail: "works" };
    case "absent":
      return { ...base, status: "ok", detail: `there is none: ${found.reason}; ${unneeded}` };
    case "locked":
      return { ...base, status: "ok", detail: `locked: ${found.reason}; ${unneeded}` };
    case "broken":
      return { ...base, status: "ok", detail: `does not work: ${found.reason}; ${unneeded}` };
    case "hung": {
      // Whatever else asks it may wait for ever.
      const remedy = "Log in anew, or restart the program that keeps your passwords. This km keeps nothing there.";
      return { ...base, status: "warning", detail: "does not answer: it was given 3 s", remedy };
    }
  }
}
