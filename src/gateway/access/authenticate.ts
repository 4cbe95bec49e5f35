/** `authenticator`: who a request comes from, by the one proof that it brings. Several at once are refused: which counts? */
import { isApiKey, type ApiKeys } from "./api-keys.ts";
import { type Authentication, digestOf, withRoles } from "./identity.ts";
import { NameMatcher } from "../../guard/policy/name-matcher.ts";
import type { AuthConfig } from "../config/proxy-config.ts";
import type { Passwords } from "./passwords.ts";
import type { Tokens } from "./tokens.ts";

export interface Credentials {
  keys: ApiKeys;
  passwords: Passwords;
  /** Undefined where there is no issuer. */
  tokens: Tokens | undefined;
  certificates: AuthConfig["certificates"];
  /** Who signs them, in PEM. */
  authority: string | undefined;
}

/** @param subject of the certificate of the connection, which was verified; undefined where there is none */
export type Authenticate = (headers: Headers, subject: string[] | undefined, now: number) => Promise<Authentication>;

/** RFC 6750 and RFC 7617: one scheme, one value. */
const AUTHORIZATION = /^(bearer|basic) +([\x21-\x7e]+)$/i;
const LONGEST_SUBJECT = 1024;

export function authenticator({ keys, passwords, tokens, certificates, authority }: Credentials): Authenticate {
  const grants = certificateGrants(certificates, authority);
  const subjects = certificates?.map(({ subject, roles }, index) => ({
    matches: subject.map(subjectTest),
    roles,
    grant: grants[index] ?? "",
  }));
  return async (headers, subject, now) => {
    const authorization = headers.get("authorization");
    const key = headers.get("x-api-key");
    if (authorization !== null && key !== null) return { state: "refused", why: "there are two proofs" };
    if (key !== null) return keys.find(key, now);
    if (authorization === null) return byCertificate(subject);
    // Bun joins headers of the same name with a comma, which fits none of these.
    const [, scheme = "", value = ""] = AUTHORIZATION.exec(authorization) ?? [];
    if (scheme.toLowerCase() === "basic") return await passwords.find(value, now);
    if (scheme === "") return { state: "refused", why: "the header Authorization is not understood" };
    if (isApiKey(value)) return keys.find(value, now);
    if (tokens === undefined) return { state: "refused", why: "tokens are not accepted here" };
    return await tokens.find(value, now);
  };

  function byCertificate(subject: string[] | undefined): Authentication {
    if (subject === undefined || subjects === undefined) return { state: "none" };
    const whole = subject.join(", ");
    if (whole === "" || whole.length > LONGEST_SUBJECT)
      return { state: "refused", why: "the certificate names nobody" };
    const found = subjects.find(({ matches }) => matches.some((fits) => fits(subject)));
    if (found === undefined) return { state: "refused", why: "the certificate is of nobody who is known here" };
    return {
      state: "known",
      identity: withRoles({ principal: `certificate:${whole}`, by: "certificate", grant: found.grant }, found.roles),
    };
  }
}

/** The first that fits counts: which one that is depends on those before it. */
export function certificateGrants(certificates: AuthConfig["certificates"], authority: string | undefined): string[] {
  return (certificates ?? []).map((_, index) =>
    digestOf(["certificate", authority, certificates?.slice(0, index + 1)]),
  );
}

/** Part by part: what somebody wrote into one of them is no other part. `O=Example, CN=build` needs both, in any order. */
function subjectTest(pattern: string): (subject: readonly string[]) => boolean {
  const globs = pattern.split(/,\s*(?=[A-Za-z][\w.]*=)/);
  const matchers = globs.map((glob) => new NameMatcher({ any: [glob.trim()], none: [] }));
  return (subject) => matchers.every((matcher) => subject.some((part) => matcher.matches(part) === true));
}
