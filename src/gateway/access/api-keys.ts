/** `ApiKeys`: who has which API key. Keys are known by their hashes alone: whoever reads the file has none of them. */
import { timingSafeEqual } from "node:crypto";
import type { AuthConfig } from "../config/proxy-config.ts";
import { type Authentication, digestOf, withRoles } from "./identity.ts";

const PREFIX = "kmk_";
const KEY = /^kmk_[\w-]{43}$/;

/** 256 random bits, so that no hash of it can be turned back. */
export function newApiKey(): string {
  return `${PREFIX}${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`;
}

export function hashOfKey(key: string): string {
  return new Bun.CryptoHasher("sha256").update(key).digest("hex");
}

export function isApiKey(text: string): boolean {
  return text.startsWith(PREFIX);
}

interface HashedKey {
  hash: Uint8Array;
  key: AuthConfig["keys"][number];
  grant: string;
}

export class ApiKeys {
  readonly #keys: HashedKey[];

  constructor(keys: AuthConfig["keys"]) {
    this.#keys = keys.map((key) => ({ hash: Buffer.from(key.sha256, "hex"), key, grant: keyGrant(key) }));
  }

  /** @param now milliseconds since 1970 */
  find(text: string, now: number): Authentication {
    if (!KEY.test(text)) return { state: "refused", why: "the API key is not valid" };
    const hash = Buffer.from(hashOfKey(text), "hex");
    let found: HashedKey | undefined;
    // All are compared, whichever it is.
    for (const one of this.#keys) if (timingSafeEqual(one.hash, hash)) found = one;
    if (found === undefined) return { state: "refused", why: "the API key is not valid" };
    const { name, roles, expiresMs = Infinity } = found.key;
    if (now >= expiresMs) return { state: "refused", why: `the API key ${name} has expired` };
    const identity = withRoles({ principal: `key:${name}`, by: "key", grant: found.grant }, roles);
    return { state: "known", identity, endsMs: found.key.expiresMs };
  }
}

export function keyGrant(key: AuthConfig["keys"][number]): string {
  return digestOf(["key", key]);
}
