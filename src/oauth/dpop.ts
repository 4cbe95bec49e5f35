/** Proofs that km holds the key to which a token is bound (RFC 9449). */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomUUID,
} from "node:crypto";
import { promisify } from "node:util";
import type { Sending } from "../http/authorizer.ts";

export interface DpopKey {
  algorithm: string;
  /** Private, in PEM. */
  key: string;
}

/** In the order in which they are chosen. */
export const DPOP_ALGORITHMS = ["ES256", "EdDSA", "Ed25519", "ES384", "ES512", "PS256", "RS256"] as const;

export type DpopAlgorithm = (typeof DPOP_ALGORITHMS)[number];

export interface ProofOf extends Sending {
  /** Of the resource's requests; none where a token is only asked for. */
  token?: string | undefined;
  /** What the server wants to see in it. */
  nonce?: string | undefined;
}

/** For one request, with a name of its own: a server may refuse what it has seen before. */
export async function dpopProof({ algorithm, key }: DpopKey, { method, url, token, nonce }: ProofOf): Promise<string> {
  const { privateKey, jwk } = parsed(key);
  const { SignJWT } = await import("jose/jwt/sign"); // seldom needed, and a session waits for what it loads
  const claims = {
    htm: method,
    htu: withoutQuery(url),
    ...(token !== undefined && { ath: createHash("sha256").update(token).digest("base64url") }),
    ...(nonce !== undefined && { nonce }),
  };
  return await new SignJWT(claims)
    .setProtectedHeader({ typ: "dpop+jwt", alg: algorithm, jwk })
    .setJti(randomUUID())
    .setIssuedAt()
    .sign(privateKey);
}

export async function newDpopKey(algorithm: DpopAlgorithm): Promise<DpopKey> {
  const privateKey = await make(algorithm);
  return { algorithm, key: privateKey.export({ type: "pkcs8", format: "pem" }) };
}

/** A session has one key, and a proof for each request. */
let last: { key: string; privateKey: KeyObject; jwk: Record<string, string> } | undefined;

function parsed(key: string) {
  if (last?.key === key) return last;
  const privateKey = createPrivateKey(key);
  return (last = { key, privateKey, jwk: publicPart(privateKey) });
}

/** As an authorization request names the key (RFC 9449, section 10), so that a stolen code is of no use (RFC 7638). */
export async function thumbprintOf({ key }: DpopKey): Promise<string> {
  const { calculateJwkThumbprint } = await import("jose/jwk/thumbprint");
  return await calculateJwkThumbprint(parsed(key).jwk);
}

/** Whether an error is about a proof, and not about the token or what was granted. */
export function isAboutProof(error: string | undefined): boolean {
  return error === "use_dpop_nonce" || error === "invalid_dpop_proof";
}

/** As proofs name an address (RFC 9449, section 4.2). */
export function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function publicPart(key: KeyObject) {
  const { kty, crv, x, y, n, e } = createPublicKey(key).export({ format: "jwk" });
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as Record<string, string>;
}

const generate = promisify(generateKeyPair);
const CURVES = { ES256: "P-256", ES384: "P-384", ES512: "P-521" } as const;

async function make(algorithm: DpopAlgorithm): Promise<KeyObject> {
  switch (algorithm) {
    case "EdDSA":
    case "Ed25519":
      return (await generate("ed25519")).privateKey;
    case "PS256":
    case "RS256":
      return (await generate("rsa", { modulusLength: 2048 })).privateKey;
    default:
      return (await generate("ec", { namedCurve: CURVES[algorithm] })).privateKey;
  }
}
