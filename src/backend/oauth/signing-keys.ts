/** The keys that tokens are signed with (Ed25519), from their making to the form in which they are published. */
import type { CryptoKey } from "jose";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { exportJWK, exportPKCS8 } from "jose/key/export";
import { generateKeyPair } from "jose/key/generate/keypair";
import { importPKCS8 } from "jose/key/import";
import { KmError } from "../../errors.ts";
import type { SigningKey } from "../../store/signing-keys.ts";

/** The only algorithm that is signed with and believed. */
export const ALGORITHM = "EdDSA";

export interface PublicKey {
  kty: "OKP";
  crv: "Ed25519";
  x: string;
  kid: string;
  alg: "EdDSA";
  use: "sig";
}

/** A key of the store, ready for use. */
export interface LoadedKey {
  published: PublicKey;
  /** Undefined where the operator keeps it: another service may have it. */
  privateKey: CryptoKey | undefined;
  isRetired: boolean;
}

/** A key that the operator keeps in a file: the store gets what is public of it. */
export interface GivenKey {
  row: Omit<SigningKey, "retired_at">;
  privateKey: CryptoKey;
}

export async function makeSigningKey(now: number): Promise<Omit<SigningKey, "retired_at">> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { crv: "Ed25519", extractable: true });
  return await rowOf(privateKey, await exportPKCS8(privateKey), now);
}

/**
 * @param pem PKCS #8 of an Ed25519 key
 * @throws KmError API_001 where it is something else
 */
export async function readSigningKey(pem: string, now: number): Promise<GivenKey> {
  try {
    const privateKey = await importPKCS8(pem.trim(), ALGORITHM, { extractable: true });
    return { row: await rowOf(privateKey, null, now), privateKey };
  } catch (cause) {
    throw new KmError("API_001", "Cannot use the signing key: it is not an Ed25519 key in PKCS #8, as PEM", {
      hint: "Make one with: openssl genpkey -algorithm ed25519 -out signing-key.pem",
      cause,
    });
  }
}

/** @throws where the store has something else than the PKCS #8 of an Ed25519 key */
export async function loadSigningKey(row: SigningKey): Promise<LoadedKey> {
  const { kid, public_key: x, private_key: pem, retired_at } = row;
  return {
    published: { kty: "OKP", crv: "Ed25519", x, kid, alg: ALGORITHM, use: "sig" },
    privateKey: pem === null ? undefined : await importPKCS8(pem, ALGORITHM),
    isRetired: retired_at !== null,
  };
}

/** RFC 7638: the name of a key follows from it, so that the same file is the same key everywhere. */
async function rowOf(key: CryptoKey, pem: string | null, now: number): Promise<Omit<SigningKey, "retired_at">> {
  const { crv, x } = await exportJWK(key);
  if (crv !== "Ed25519" || x === undefined) throw new Error("A signing key is no Ed25519 key");
  const kid = await calculateJwkThumbprint({ kty: "OKP", crv, x });
  return { kid, public_key: x, private_key: pem, created_at: now };
}
