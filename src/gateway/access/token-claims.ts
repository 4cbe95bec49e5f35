/** `identityIn`: on whose behalf a token is, and with which roles, by what is known to be true of it. */
import { isObject } from "../../wire/jsonrpc.ts";
import type { TokenIssuer } from "../config/proxy-config.ts";
import { type Authentication, digestOf, withRoles } from "./identity.ts";

/** By which the clocks of the issuer and of this machine may differ. */
export const TOLERANCE_S = 30;
const LONGEST_SUBJECT = 256;

/** @param claims of a token of this issuer that is valid now, and for here */
export function identityIn(claims: Record<string, unknown>, config: TokenIssuer): Authentication {
  const subject = subjectIn(claims);
  if (subject === undefined) return { state: "refused", why: "the token names nobody" };
  const principal = `${subject.kind}:${config.issuer}:${subject.name}`;
  const scopes = new Set([...words(claims["scope"]), ...words(claims["scp"])]);
  if (!config.scopes.every((scope) => scopes.has(scope)))
    return { state: "insufficient", scopes: config.scopes, principal };
  const { rolesClaim, rolesOf } = config;
  const named = rolesClaim === undefined ? [] : words(claimAt(claims, rolesClaim));
  const claimed = named.flatMap((name) => {
    if (rolesOf === undefined) return [name];
    return Object.hasOwn(rolesOf, name) ? (rolesOf[name] ?? []) : [];
  });
  const grant = issuerGrant(config);
  const identity = withRoles({ principal, by: "token", grant }, [...config.roles, ...claimed]);
  return { state: "known", identity, endsMs: endOf(claims) };
}

/** Of the token, in milliseconds since 1970; undefined where it does not say. */
export function endOf({ exp }: Record<string, unknown>): number | undefined {
  return typeof exp === "number" ? (exp + TOLERANCE_S) * 1000 : undefined;
}

export function issuerGrant(config: TokenIssuer): string {
  return digestOf(["issuer", config]);
}

/** A program that acts for itself has no subject where its issuer is asked: the name of the program must be no user's. */
function subjectIn({ sub, client_id: client }: Record<string, unknown>): { kind: string; name: string } | undefined {
  const isName = (name: unknown): name is string =>
    typeof name === "string" && name !== "" && name.length <= LONGEST_SUBJECT;
  if (sub !== undefined) return isName(sub) ? { kind: "token", name: sub } : undefined;
  return isName(client) ? { kind: "client", name: client } : undefined;
}

function claimAt(claims: Record<string, unknown>, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

/** A list of texts, or a text of words as scopes are. */
function words(claim: unknown): string[] {
  if (typeof claim === "string") return claim.split(" ").filter((word) => word !== "");
  return Array.isArray(claim) ? claim.filter((word) => typeof word === "string") : [];
}
