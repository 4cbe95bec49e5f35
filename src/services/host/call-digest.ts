/** `callDigest`: names one call, of a tool or a prompt, by one caller: what a person says counts for it and for no other. */
import { canonicalJson } from "../../guard/canonical-json.ts";

export interface CallIdentity {
  principal: string;
  /** In full, of the tool or prompt. */
  name: string;
  args: Record<string, unknown>;
}

/** The same for arguments in another order. */
export function callDigest({ principal, name, args }: CallIdentity): string {
  const text = JSON.stringify([principal, name, args]);
  return digestOf(canonicalJson(text) ?? text);
}

export function digestOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
