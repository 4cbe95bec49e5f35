/** `refuseMasks`: keeps what was masked in an answer from being written in the place of the secret itself. */
import { KmError } from "../errors.ts";

/**
 * @param what is about to be written
 * @throws KmError SVC_001
 */
export function refuseMasks(what: readonly unknown[]): void {
  if (!what.some((one) => typeof one === "string" && /\[redacted:[\w-]+\]/.test(one))) return;
  throw new KmError("SVC_001", "It has [redacted:...] in it: a secret that was masked when it was read would be lost", {
    hint: "Write only what is to change, or have a person do it who knows the secret.",
  });
}
