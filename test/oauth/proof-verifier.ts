/**
 * `ProofVerifier`: what a server does that takes no token without the proof of who got it (RFC 9449, section 4.3): it looks
 * at all of a proof, wants to see its own nonce, and takes none twice.
 */
import { createHash, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, type JWK, jwtVerify } from "jose";

const WINDOW_SECONDS = 60;

export type Verified = { state: "proven"; thumbprint: string } | { state: "refused"; error: string; reason: string };

export class ProofVerifier {
  /** What proofs must have; undefined for nothing. */
  nonce: string | undefined;
  /** Names of the proofs that were taken. */
  readonly seen = new Set<string>();
  /** Why proofs were refused. */
  readonly refusals: string[] = [];

  constructor(nonce?: string) {
    this.nonce = nonce;
  }

  /** From now on an older one is refused. */
  renewNonce(): void {
    this.nonce = randomUUID();
  }

  /** @param token undefined where a token is only asked for */
  async verify(request: Request, token: string | undefined): Promise<Verified> {
    const verified = await this.#look(request, token);
    if (verified.state === "refused") this.refusals.push(verified.reason);
    return verified;
  }

  async #look(request: Request, token: string | undefined): Promise<Verified> {
    const refuse = (reason: string, error = "invalid_dpop_proof"): Verified => ({ state: "refused", error, reason });
    const proof = request.headers.get("dpop");
    if (proof === null) return refuse("there is none");
    if (proof.includes(",")) return refuse("there are several");
    const { typ, alg = "", jwk } = decodeProtectedHeader(proof);
    if (typ !== "dpop+jwt") return refuse(`its type is ${typ}`);
    if (!/^(?:ES256|ES384|ES512|PS256|RS256|EdDSA|Ed25519)$/.test(alg)) return refuse(`its algorithm is ${alg}`);
    if (jwk === undefined || "d" in jwk) return refuse("its key is not a public one");
    const key = await importJWK(jwk as JWK, alg);
    const { payload } = await jwtVerify(proof, key, { algorithms: [alg] });
    const { htm, htu, iat = 0, jti, ath, nonce } = payload;
    const { origin, pathname } = new URL(request.url);
    if (htm !== request.method) return refuse(`it is for ${String(htm)}`);
    if (htu !== `${origin}${pathname}`) return refuse(`it is for ${String(htu)}`);
    if (Math.abs(Date.now() / 1000 - iat) > WINDOW_SECONDS) return refuse("it is of another time");
    const digest = token === undefined ? undefined : createHash("sha256").update(token).digest("base64url");
    if (ath !== digest) return refuse("it is for another token");
    if (typeof jti !== "string" || this.seen.has(jti)) return refuse("it came before");
    this.seen.add(jti);
    if (this.nonce !== undefined && nonce !== this.nonce) return refuse("it has another nonce", "use_dpop_nonce");
    return { state: "proven", thumbprint: await calculateJwkThumbprint(jwk) };
  }
}
