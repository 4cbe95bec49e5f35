/** The keys whose signature this km accepts on a release, and the check of one. */
import { createPublicKey, verify } from "node:crypto";

/** Put in by `build.ts --release-key`: base64 of SubjectPublicKeyInfo. Several while keys change; none in other builds. */
declare const KM_RELEASE_KEYS: string[] | undefined;

export const RELEASE_KEYS = typeof KM_RELEASE_KEYS === "undefined" ? [] : KM_RELEASE_KEYS;

/** Ed25519 (RFC 8032); any of the keys will do. */
export function isSigned(bytes: Uint8Array, signature: Uint8Array, keys: string[]): boolean {
  return keys.some((key) => {
    const publicKey = createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" });
    // Without a digest's name the key's own algorithm decides, so it must be the one that is meant.
    return publicKey.asymmetricKeyType === "ed25519" && verify(null, bytes, publicKey, signature);
  });
}
