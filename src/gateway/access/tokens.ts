/** `Tokens`: who has which JSON Web Token, as a resource server of OAuth 2 has it (RFC 9068, MCP's authorization). Imports jose. */
import { readFileSync } from "node:fs";
import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  importJWK,
  importSPKI,
  importX509,
  type JWK,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from "jose";
import { KmError, messageOf, systemReason } from "../../errors.ts";
import { isObject } from "../../wire/jsonrpc.ts";
import type { TokenIssuer } from "../config/proxy-config.ts";
import { type Authentication, withRoles } from "./identity.ts";

const LONGEST_TOKEN = 16 << 10;
const LONGEST_SUBJECT = 256;
/** By which the clocks of the issuer and of this machine may differ. */
const TOLERANCE_S = 30;
const JWKS_MS = 5000;

interface Issuer {
  config: TokenIssuer;
  keyOf: JWTVerifyGetKey;
}

export class Tokens {
  readonly #issuers: Issuer[];

  private constructor(issuers: Issuer[]) {
    this.#issuers = issuers;
  }

  /** @throws KmError CFG_002 where a key cannot be read */
  static async open(configs: readonly TokenIssuer[]): Promise<Tokens> {
    return new Tokens(await Promise.all(configs.map(async (config) => ({ config, keyOf: await keysOf(config) }))));
  }

  /** @param now milliseconds since 1970 */
  async find(token: string, now: number): Promise<Authentication> {
    const refused = (why: string): Authentication => ({ state: "refused", why });
    if (token.length > LONGEST_TOKEN) return refused("the token is too long");
    const issuer = issuerIn(token);
    const ofIssuer = this.#issuers.filter(({ config }) => config.issuer === issuer);
    if (ofIssuer.length === 0) return refused("the token is of no issuer that is known here");
    let reason = refused("the token is not valid");
    for (const { config, keyOf } of ofIssuer) {
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms: config.algorithms,
          issuer: config.issuer,
          audience: config.audience,
          requiredClaims: ["exp", "sub"],
          clockTolerance: TOLERANCE_S,
          currentDate: new Date(now),
        });
        return judged(payload, config);
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

function judged(payload: JWTPayload, config: TokenIssuer): Authentication {
  const { sub = "" } = payload;
  if (sub === "" || sub.length > LONGEST_SUBJECT) return { state: "refused", why: "the token names nobody" };
  const principal = `token:${config.issuer}:${sub}`;
  const scopes = new Set([...words(payload["scope"]), ...words(payload["scp"])]);
  if (!config.scopes.every((scope) => scopes.has(scope)))
    return { state: "insufficient", scopes: config.scopes, principal };
  const { rolesClaim, rolesOf } = config;
  const named = rolesClaim === undefined ? [] : words(claimAt(payload, rolesClaim));
  const claimed = named.flatMap((name) => {
    if (rolesOf === undefined) return [name];
    return Object.hasOwn(rolesOf, name) ? (rolesOf[name] ?? []) : [];
  });
  return { state: "known", identity: withRoles({ principal, by: "token" }, [...config.roles, ...claimed]) };
}

function claimAt(payload: JWTPayload, path: readonly string[]): unknown {
  let value: unknown = payload;
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

/** A list of texts, or a text of words as scopes are. */
function words(claim: unknown): string[] {
  if (typeof claim === "string") return claim.split(" ").filter((word) => word !== "");
  return Array.isArray(claim) ? claim.filter((word) => typeof word === "string") : [];
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

async function keysOf({ keys, algorithms }: TokenIssuer): Promise<JWTVerifyGetKey> {
  if (keys.kind === "jwks") return createRemoteJWKSet(new URL(keys.url), { timeoutDuration: JWKS_MS });
  const text = readKey(keys.file);
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
    throw new KmError("CFG_002", `Cannot use ${keys.file}: it has no public key for ${algorithms.join(", ")}`);
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
