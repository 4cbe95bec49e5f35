/**
 * `openAccess`: who may come and what they may do, as one reading of the file has it. A later reading makes another one,
 * which tells of each owner of sessions whether it would still let them in as they came.
 */
import type { AuthConfig, ProxyConfig } from "../config/proxy-config.ts";
import type { WrittenRole } from "../config/schema.ts";
import { EVERYBODY } from "../request-context.ts";
import { ApiKeys, keyGrant } from "./api-keys.ts";
import { type Authenticate, authenticator, certificateGrants } from "./authenticate.ts";
import { forwardedAddress } from "./forwarded-address.ts";
import { digestOf, type Identity } from "./identity.ts";
import { Passwords, userGrant } from "./passwords.ts";
import { ProtectedResource } from "./protected-resource.ts";
import { rolePolicy } from "./role-policy.ts";
import { issuerGrant } from "./token-claims.ts";
import type { TokensOptions } from "./tokens.ts";

export interface AccessOptions extends Omit<TokensOptions, "issuers"> {
  config: Pick<ProxyConfig, "auth" | "roles" | "trustedProxies">;
  /** Who signs the certificates of clients, in PEM. */
  authority: string | undefined;
}

export type GrantedRole = readonly [name: string, role: WrittenRole];

export interface Access {
  /** Where nobody is asked who they are, there is none. */
  login: { resource: ProtectedResource; authenticate: Authenticate } | undefined;
  /** Of what was claimed, the roles that there are. */
  rolesAmong(names: readonly string[]): string[];
  /** Whether one without a role may nothing. */
  hasRoles: boolean;
  /** Undefined where everybody may everything. */
  rolesNamed(names: readonly string[]): GrantedRole[] | undefined;
  /** For the `km monitor` of a session; undefined where everybody may everything. */
  policyOf(roles: readonly string[]): string | undefined;
  /**
   * The owner of sessions. Whoever comes back with other roles, or by another proof, has other sessions, since a session's
   * policy is the one that it began with.
   */
  ownerOf(identity: Identity): string;
  /** Whether this is still an owner: not where what the file says of their proof or of their roles has changed, or has ended. */
  isOwner(owner: string, now: number): boolean;
  addressOf(headers: Headers, peer: string): string;
}

/** @throws KmError CFG_002 where a file that is named cannot be used; what `resolve` throws */
export async function openAccess({ config, authority, ...tokens }: AccessOptions): Promise<Access> {
  const { auth, roles, trustedProxies } = config;
  const login = auth && {
    resource: new ProtectedResource(auth),
    authenticate: await openAuthentication(auth, authority, tokens),
  };
  const endOf = auth === undefined ? new Map<string, number>() : grantsOf(auth, authority);
  const rolesNamed = (names: readonly string[]): GrantedRole[] | undefined =>
    roles && names.flatMap((name) => [roles.get(name)].flatMap((role) => (role ? [[name, role] as const] : [])));
  const policyOf = (names: readonly string[]): string | undefined => {
    const granted = rolesNamed(names);
    return granted && rolePolicy(granted);
  };
  const digests = new Map<string, string>();
  const policyDigest = (names: readonly string[]): string => {
    const key = JSON.stringify(names);
    const known = digests.get(key) ?? digestOf(policyOf(names) ?? null);
    if (digests.size < MOST_DIGESTS) digests.set(key, known);
    return known;
  };
  return {
    login,
    hasRoles: roles !== undefined,
    rolesAmong: (names) => names.filter((role) => roles === undefined || roles.has(role)),
    rolesNamed,
    policyOf,
    ownerOf: ({ principal, grant, roles: own }) => JSON.stringify([principal, grant, policyDigest(own), ...own]),
    isOwner(owner, now) {
      if (owner === EVERYBODY) return auth === undefined;
      const { grant, policy, roles: own } = ownerParts(owner);
      return now < (endOf.get(grant) ?? 0) && policyDigest(own) === policy;
    },
    addressOf: forwardedAddress(trustedProxies),
  };
}

/** There may be as many as there are sets of roles. */
const MOST_DIGESTS = 1000;

/** Of an owner; of everybody it is that. */
export function principalOf(owner: string): string {
  return owner === EVERYBODY ? owner : ownerParts(owner).principal;
}

/** As `ownerOf` has put them together. */
function ownerParts(owner: string): { principal: string; grant: string; policy: string; roles: string[] } {
  const parts: unknown = JSON.parse(owner);
  const texts = Array.isArray(parts) ? parts.filter((part) => typeof part === "string") : [];
  const [principal = "", grant = "", policy = "", ...roles] = texts;
  return { principal, grant, policy, roles };
}

/** What lets somebody in, and until when, in milliseconds since 1970. */
function grantsOf(
  { keys, users, tokens, certificates }: AuthConfig,
  authority: string | undefined,
): Map<string, number> {
  return new Map([
    ...keys.map((key) => [keyGrant(key), key.expiresMs ?? Infinity] as const),
    ...users.map((user) => [userGrant(user), Infinity] as const),
    ...tokens.map((issuer) => [issuerGrant(issuer), Infinity] as const),
    ...certificateGrants(certificates, authority).map((grant) => [grant, Infinity] as const),
  ]);
}

async function openAuthentication(
  auth: AuthConfig,
  authority: string | undefined,
  options: Omit<TokensOptions, "issuers">,
): Promise<Authenticate> {
  const { tokens: issuers, keys, users, certificates } = auth;
  // What reads tokens is loaded only where there are some.
  const tokens = issuers.length > 0 && (await (await import("./tokens.ts")).Tokens.open({ ...options, issuers }));
  return authenticator({
    keys: new ApiKeys(keys),
    passwords: new Passwords(users),
    tokens: tokens || undefined,
    certificates,
    authority,
  });
}
