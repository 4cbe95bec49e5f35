/** `jsonDiff`: what changes between two states, as `diff -u` of their JSON; and `refuseMasks`: no mask is written in a secret's place. */
import { unifiedDiff } from "../../clients/diff.ts";
import { KmError } from "../../errors.ts";

/** @param before undefined for what is new */
export function jsonDiff(name: string, before: unknown, after: unknown): string {
  const text = (value: unknown): string => (value === undefined ? "" : `${JSON.stringify(value, null, 2)}\n`);
  return unifiedDiff(name, text(before), text(after))
    .map((line) => line.text)
    .join("\n");
}

/** @throws KmError SVC_001 */
export function refuseMasks(value: unknown): void {
  if (!/\[redacted:[a-z0-9-]+\]/.test(JSON.stringify(value))) return;
  throw new KmError(
    "SVC_001",
    "What is to be saved has [redacted:...] in it, which stands for a secret that would be lost",
    {
      hint: "Give the other members alone, or the secret itself.",
    },
  );
}
