/** `Login`: what a login to a server has given, as it is kept; the members of the kept text have the protocol's names. */
import * as v from "valibot";
import { type Client, ClientSchema } from "./client.ts";
import type { Issuer } from "./issuer-metadata.ts";
import type { DpopKey } from "./dpop.ts";
import type { NewTokens } from "./token-request.ts";

const LoginSchema = v.object({
  version: v.literal(1),
  /** The address that it is for: no other gets the token. */
  server: v.string(),
  /** As the server's metadata names it; null where it has none. */
  resource: v.nullable(v.string()),
  issuer: v.string(),
  token_endpoint: v.string(),
  revocation_endpoint: v.nullable(v.string()),
  signing_algorithms: v.array(v.string()),
  client: ClientSchema,
  grant: v.picklist(["authorization_code", "client_credentials", "workload", "enterprise"]),
  /** What was asked for, and what was given. */
  asked: v.array(v.string()),
  granted: v.array(v.string()),
  access: v.string(),
  refresh: v.nullable(v.string()),
  /** How the token is presented. */
  token_type: v.optional(v.picklist(["Bearer", "DPoP"]), "Bearer"),
  /** What tokens are bound to, a refresh token maybe also where the access token is not (RFC 9449, section 5). */
  dpop: v.optional(v.nullable(v.object({ algorithm: v.string(), key: v.string() })), null),
  /** Who the user is, where that is what was asked for: servers are not told. */
  id_token: v.optional(v.nullable(v.string()), null),
  /** Milliseconds, both; null where nobody knows. */
  obtained_at: v.number(),
  expires_at: v.nullable(v.number()),
});

export type Login = v.InferOutput<typeof LoginSchema>;

/** Undefined for what is none. */
export function parseLogin(text: string): Login | undefined {
  const login = v.safeParse(v.pipe(v.string(), v.parseJson(), LoginSchema), text);
  return login.success ? login.output : undefined;
}

export interface LoginParts {
  server: string;
  resource: string | undefined;
  issuer: Issuer;
  client: Client;
  grant: Login["grant"];
  asked: string[];
  dpop: DpopKey | undefined;
}

export function newLogin(parts: LoginParts, tokens: NewTokens, now: number): Login {
  const { server, resource = null, issuer, client, grant, asked, dpop = null } = parts;
  const { id, secret, method } = client;
  return {
    version: 1,
    server,
    resource,
    issuer: issuer.id,
    token_endpoint: issuer.tokenEndpoint,
    revocation_endpoint: issuer.revocationEndpoint ?? null,
    signing_algorithms: issuer.signingAlgorithms,
    client: { id, ...(secret !== undefined && { secret }), method },
    grant,
    asked,
    granted: tokens.scopes ?? asked,
    access: tokens.access,
    refresh: tokens.refresh ?? null,
    token_type: tokens.type,
    dpop,
    id_token: null,
    obtained_at: now,
    expires_at: tokens.expiresAt ?? null,
  };
}

/** The same login with newer tokens. What a refresh does not give anew stays. */
export function renewedLogin(login: Login, tokens: NewTokens, now: number): Login {
  return {
    ...login,
    access: tokens.access,
    refresh: tokens.refresh ?? login.refresh,
    token_type: tokens.type,
    id_token: login.id_token === null ? null : (tokens.idToken ?? login.id_token),
    granted: tokens.scopes ?? login.granted,
    obtained_at: now,
    expires_at: tokens.expiresAt ?? null,
  };
}

const LEAST_LEFT_MS = 30_000;

/** Whether its token is no longer good, or will not be in a moment. Short-lived ones get a tenth of their life. */
export function isStale({ expires_at: expiresAt, obtained_at: obtainedAt }: Login, now: number): boolean {
  if (expiresAt === null) return false;
  return now >= expiresAt - Math.min(LEAST_LEFT_MS, (expiresAt - obtainedAt) / 10);
}

/** Whether there is a way to a newer token that needs nobody. */
export function isRenewable({ refresh, grant }: Login): boolean {
  return refresh !== null || grant !== "authorization_code";
}

/** For the header `Authorization`. */
export function authorizationOf({ token_type: type, access }: Pick<Login, "token_type" | "access">): string {
  return `${type} ${access}`;
}
