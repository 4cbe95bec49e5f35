/**
 * `openFront`: what stands between the listener and the sessions of `km proxy`: who asks, what they may do, how much of it, and
 * what is written down of that.
 */
import { readFileSync } from "node:fs";
import { KmError, systemReason } from "../errors.ts";
import { ROLE_VARIABLE } from "../guard/policy/find-policies.ts";
import { ApiKeys } from "./access/api-keys.ts";
import { type Authenticate, authenticator } from "./access/authenticate.ts";
import type { Peer } from "./access/certificate-front.ts";
import { ownerOf } from "./access/identity.ts";
import { Passwords } from "./access/passwords.ts";
import { type Overrun, PrincipalLimits } from "./access/principal-limits.ts";
import { ProtectedResource } from "./access/protected-resource.ts";
import { rolePolicy } from "./access/role-policy.ts";
import type { AuthConfig, ProxyConfig } from "./config/proxy-config.ts";
import { Records, type RecordsOptions } from "./record/records.ts";
import { refusal, SERVER_ERROR } from "./refusal.ts";
import type { Check, MessageCheck, RequestContext } from "./request-context.ts";
import type { ServerCommand } from "./server-process.ts";

export interface FrontOptions extends RecordsOptions {
  config: ProxyConfig;
  /** Whose connection it is, where they have certificates; undefined for one that is not known. */
  peer?: ((port: number) => Peer | undefined) | undefined;
}

export interface Front {
  checks: readonly Check[];
  messageChecks: readonly MessageCheck[];
  serverFor(context: RequestContext, server: ServerCommand): ServerCommand;
  finished(context: RequestContext, response: Response): void;
}

/** @throws KmError CFG_002 where a file that the configuration names cannot be used */
export async function openFront({ config, peer, ...recording }: FrontOptions): Promise<Front> {
  const { auth, roles, limits: limited } = config;
  const limits = new PrincipalLimits(limited, () => performance.now());
  const records = new Records(recording);
  const resource = auth && new ProtectedResource(auth);
  const authenticate = auth && (await openAuthentication(auth));
  /** By the request, until it is over. */
  const charged = new WeakMap<Request, string>();

  const known: Check = (context) => {
    const { request, url } = context;
    const connection = peer?.(context.port);
    if (connection !== undefined) context.address = connection.address;
    records.begin(context);
    if (peer !== undefined && connection === undefined) {
      return records.refuse(request, "connection", refusal(403, SERVER_ERROR, "Forbidden: this is not the way in"));
    }
    return resource?.answer(request, url.pathname);
  };

  const authenticated: Check = async (context) => {
    const { request, port, address } = context;
    if (authenticate === undefined || resource === undefined) return undefined;
    const late = limits.mayTry(address);
    if (late !== undefined) return overrun(request, late);
    const result = await authenticate(request.headers, peer?.(port)?.subject, Date.now());
    if (result.state !== "known") {
      if (result.state === "refused") limits.failed(address);
      const reason =
        result.state === "none" ? "no credentials" : result.state === "insufficient" ? "scope" : result.why;
      if (result.state !== "none")
        records.authenticated(result.state === "insufficient" ? "token" : schemeOf(request), false);
      return records.refuse(request, reason, resource.refuse(result), result.state);
    }
    const allowed = result.identity.roles.filter((role) => roles === undefined || roles.has(role));
    const identity = { ...result.identity, roles: allowed };
    records.identify(request, identity);
    records.authenticated(identity.by, true);
    context.principal = ownerOf(identity);
    if (roles === undefined || allowed.length > 0) return undefined;
    return records.refuse(request, "no role", refusal(403, SERVER_ERROR, "Forbidden: you have no role here"));
  };

  const bounded: Check = (context) => {
    const { request } = context;
    const { principal } = records.identityOf(request);
    const length = request.headers.get("content-length");
    if (limited.bytes !== undefined && request.method === "POST" && length === null) {
      const answer = refusal(411, SERVER_ERROR, "Length Required: the size of a body is counted here");
      return records.refuse(request, "length", answer);
    }
    const over = limits.begin(principal, Number(length ?? 0) || 0);
    if (over !== undefined) return overrun(request, over);
    charged.set(request, principal);
    records.whenOver(request, () => release(request));
    return undefined;
  };

  function overrun(request: Request, { why, headers }: Overrun): Response {
    const message = why === "logins" ? "too many failed logins from your address" : `too many ${why}`;
    return records.refuse(request, why, refusal(429, SERVER_ERROR, `Too Many Requests: ${message}`, { headers }));
  }

  function release(request: Request): void {
    const principal = charged.get(request);
    if (principal !== undefined && charged.delete(request)) limits.end(principal);
  }

  return {
    checks: [known, authenticated, bounded],
    messageChecks: [(context, message) => records.message(context, message)],
    serverFor({ request }, server) {
      const watched = { ...server, watch: records.watch };
      if (roles === undefined) return watched;
      const own = records.identityOf(request).roles.flatMap((name) => {
        const role = roles.get(name);
        return role === undefined ? [] : [[name, role] as const];
      });
      return { ...watched, env: { ...server.env, [ROLE_VARIABLE]: rolePolicy(own) } };
    },
    finished: (context, response) => records.finished(context, response),
  };
}

async function openAuthentication(auth: AuthConfig): Promise<Authenticate> {
  const tokens =
    auth.tokens.length === 0 ? undefined : await (await import("./access/tokens.ts")).Tokens.open(auth.tokens);
  return authenticator({
    keys: new ApiKeys(auth.keys),
    passwords: new Passwords(auth.users),
    tokens,
    certificates: auth.certificates,
  });
}

function schemeOf({ headers }: Request): string {
  if (headers.has("x-api-key")) return "key";
  const authorization = headers.get("authorization") ?? "";
  if (/^basic /i.test(authorization)) return "password";
  return authorization === "" ? "certificate" : /^bearer +kmk_/i.test(authorization) ? "key" : "token";
}

/** @throws KmError CFG_002 */
export function readPem(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new KmError("CFG_002", `Cannot read ${what} in ${file}: ${systemReason(error)}`, { cause: error });
  }
}
