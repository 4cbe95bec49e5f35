/**
 * `Tokens`: who has which token, as a resource server of OAuth 2 has it (RFC 9068, MCP's authorization): a JSON Web Token that
 * it can check itself, or one that the issuer is asked about. Imports jose.
 */
import { readFileSync } from "node:fs";
import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  importJWK,
  importSPKI,
  importX509,
  type JWK,
  jwtVerify,
  type JWTVerifyGetKey,
} from "jose";
import { KmError, messageOf, systemReason } from "../../errors.ts";
import { isObject } from "../../wire/jsonrpc.ts";
import type { TokenIssuer } from "../config/proxy-config.ts";
import type { Authentication } from "./identity.ts";
import { Introspection } from "./introspection.ts";
import { identityIn, TOLERANCE_S } from "./token-claims.ts";

const LONGEST_TOKEN = 16 << 10;
const JWKS_MS = 5000;

interface Issuer {
  config: TokenIssuer;
  proof: { kind: "signature"; keyOf: JWTVerifyGetKey } | { kind: "introspection"; introspection: Introspection };
}

export interface TokensOptions {
  issuers: readonly TokenIssuer[];
  /** Of a text with references in place of secrets. */
  resolve(text: string, where: string): Promise<string>;
  /** For who runs km. */
  warn(text: string): void;
}

export class Tokens {
  readonly #issuers: Issuer[];
  /** What can be read by nobody else is of this one. */
  readonly #opaque: Introspection | undefined;

  private constructor(issuers: Issuer[]) {
    this.#issuers = issuers;
    const [asked] = issuers.flatMap(({ proof }) => (proof.kind === "introspection" ? [proof.introspection] : []));
    this.#opaque = asked;
  }

  /** @throws KmError CFG_002 where a key cannot be read; what `resolve` throws */
  static async open(options: TokensOptions): Promise<Tokens> {
    const { issuers } = options;
    return new Tokens(
      await Promise.all(issuers.map(async (config) => ({ config, proof: await proofOf(config, options) }))),
    );
  }

  /** @param now milliseconds since 1970 */
  async find(token: string, now: number): Promise<Authentication> {
    const refused = (why: string): Authentication => ({ state: "refused", why });
    if (token.length > LONGEST_TOKEN) return refused("the token is too long");
    const issuer = issuerIn(token);
    if (issuer === undefined && this.#opaque !== undefined) return await this.#opaque.find(token, now);
    const ofIssuer = this.#issuers.filter(({ config }) => config.issuer === issuer);
    if (ofIssuer.length === 0) return refused("the token is of no issuer that is known here");
    let reason = refused("the token is not valid");
    for (const { config, proof } of ofIssuer) {
      if (proof.kind === "introspection") return await proof.introspection.find(token, now);
      try {
        const { payload } = await jwtVerify(token, proof.keyOf, {
          algorithms: config.algorithms,
          issuer: config.issuer,
          audience: config.audience,
          requiredClaims: ["exp", "sub"],
          clockTolerance: TOLERANCE_S,
          currentDate: new Date(now),
        });
        return identityIn(payload, config);
      } catch (error) {
        reason = reasonOf(error);
      }
    }
    return reason;
  }
}

/** Of the token as it claims; nothing is believed of it before its signature is. */
function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): Authentication {
  if (error instanceof errors.JWTExpired) return { state: "refused", why: "the token has expired" };
  if (error instanceof errors.JWTClaimValidationFailed) {
    return { state: "refused", why: `the token's ${error.claim} is not as it must be` };
  }
  // What is wrong with the token itself; anything else kept its keys from being had.
  const isOfToken =
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== "ERR_JOSE_GENERIC";
  if (isOfToken || error instanceof TypeError) return { state: "refused", why: "the token is not valid" };
  return { state: "unavailable", why: "the keys of the token's issuer cannot be had now" };
}

async function proofOf(config: TokenIssuer, { resolve, warn }: TokensOptions): Promise<Issuer["proof"]> {
  const { issuer, keys, algorithms } = config;
  switch (keys.kind) {
    case "jwks":
      return { kind: "signature", keyOf: createRemoteJWKSet(new URL(keys.url), { timeoutDuration: JWKS_MS }) };
    case "file":
      return { kind: "signature", keyOf: await keysIn(keys.file, algorithms) };
    case "introspection": {
      const clientSecret = await resolve(keys.clientSecret, "introspection.client_secret");
      const failed = (why: string): void => warn(`Cannot ask ${issuer} about a token: ${why}`);
      return { kind: "introspection", introspection: new Introspection({ ...keys, config, clientSecret, failed }) };
    }
  }
}

async function keysIn(file: string, algorithms: string[]): Promise<JWTVerifyGetKey> {
  const text = readKey(file);
  const { jwk, pem } = parsed(text);
  // A key is for one kind of signature: which, the token must not choose beyond what is allowed.
  const ready = new Map<string, Awaited<ReturnType<typeof importJWK>>>();
  for (const algorithm of algorithms) {
    try {
      const key = jwk === undefined ? await imported(pem, algorithm) : await importJWK(jwk, algorithm);
      ready.set(algorithm, key);
    } catch {
      // It is not of this kind.
    }
  }
  if (ready.size === 0) {
    throw new KmError("CFG_002", `Cannot use ${file}: it has no public key for ${algorithms.join(", ")}`);
  }
  return ({ alg }) => {
    const key = ready.get(alg);
    if (key === undefined) throw new errors.JOSEAlgNotAllowed("the key is not for this algorithm");
    return key;
  };
}

function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new KmError("CFG_002", `Cannot read the key in ${file}: ${systemReason(error)}`, { cause: error });
  }
}

function parsed(text: string): { jwk: JWK | undefined; pem: string } {
  if (!text.trimStart().startsWith("{")) return { jwk: undefined, pem: text };
  try {
    const jwk: unknown = JSON.parse(text);
    if (isObject(jwk) && typeof jwk["kty"] === "string" && jwk["kty"] !== "oct" && jwk["d"] === undefined) {
      return { jwk, pem: "" };
    }
  } catch (error) {
    throw new KmError("CFG_002", `Cannot read a key of tokens: ${messageOf(error)}`, { cause: error });
  }
  throw new KmError("CFG_002", "Cannot use a key of tokens: it is not a public one");
}

async function imported(pem: string, algorithm: string) {
  return pem.includes("BEGIN CERTIFICATE") ? await importX509(pem, algorithm) : await importSPKI(pem, algorithm);
}
