/**
 * `openFront`: what stands between the listener and the sessions of `km proxy`: who asks, what they may do, how much of it, and
 * what is written down of that.
 */
import { countedAs } from "../backend/caller.ts";
import { ROLE_VARIABLE } from "../guard/policy/find-policies.ts";
import { type Access, type AccessOptions, type GrantedRole, openAccess, principalOf } from "./access/access.ts";
import type { Identity } from "./access/identity.ts";
import { type Overrun, PrincipalLimits } from "./access/principal-limits.ts";
import type { Peer } from "./access/tls-front.ts";
import type { ProxyConfig } from "./config/proxy-config.ts";
import { Records, type RecordsOptions } from "./record/records.ts";
import { refusal, SERVER_ERROR } from "./refusal.ts";
import type { BeginCheck, Check, MessageCheck, RequestContext } from "./request-context.ts";
import type { ServerCommand } from "./server-process.ts";

export interface FrontOptions extends RecordsOptions, Omit<AccessOptions, "config"> {
  config: ProxyConfig;
  /** Whose connection it is, where the listener of TLS knows it; undefined for one that is not known. */
  peer?: ((port: number) => Peer | undefined) | undefined;
}

export interface Front {
  checks: readonly Check[];
  messageChecks: readonly MessageCheck[];
  mayBegin: BeginCheck;
  /** @param session undefined where several requests share the server */
  serverFor(context: RequestContext, server: ServerCommand, session: string | undefined): ServerCommand;
  identityOf(context: RequestContext): Identity;
  /** Of who asks; undefined where everybody may everything. */
  rolesOf(context: RequestContext): GrantedRole[] | undefined;
  finished(context: RequestContext, response: Response): void;
  /** Whether those to whom a session belongs would still get in as they came. */
  isOwner(owner: string): boolean;
  /**
   * From now on this holds. Where it throws, what held before does.
   *
   * @throws KmError as `openFront`
   */
  change(config: ProxyConfig, authority: string | undefined): Promise<void>;
  /** From now on these limits hold. */
  limit(limits: ProxyConfig["limits"]): void;
}

/** @throws KmError CFG_002 where a file that the configuration names cannot be used; what `resolve` throws */
export async function openFront({
  config,
  peer,
  authority,
  resolve,
  warn,
  ...recording
}: FrontOptions): Promise<Front> {
  const limits = new PrincipalLimits(config.limits, () => performance.now());
  const records = new Records(recording);
  let { limits: limited } = config;
  let access: Access = await openAccess({ config, authority, resolve, warn });
  /** By what is written down. */
  const isAddressAsked = [recording.audit, recording.log, recording.spans].some((record) => record !== undefined);
  /** By the request, until it is over. */
  const charged = new WeakMap<Request, string>();
  const isOwner = (owner: string): boolean => access.isOwner(owner, Date.now());

  const known: Check = (context) => {
    const { request, url } = context;
    const connection = peer?.(context.port);
    if (isAddressAsked || access.login !== undefined) {
      context.address = access.addressOf(request.headers, connection?.address ?? context.address);
    }
    records.begin(context);
    if (peer !== undefined && connection === undefined) {
      return records.refuse(request, "connection", refusal(403, SERVER_ERROR, "Forbidden: this is not the way in"));
    }
    return access.login?.resource.answer(request, url.pathname);
  };

  const authenticated: Check = async (context) => {
    const { request, address } = context;
    const holding = access; // another one may hold when the proof has been checked
    const { login } = holding;
    if (login === undefined) return undefined;
    const late = limits.mayTry(address);
    if (late !== undefined) return overrun(request, late);
    const result = await login.authenticate(request.headers, peer?.(context.port)?.subject, Date.now());
    if (result.state !== "known") {
      if (result.state === "refused") limits.failed(address);
      const reason =
        result.state === "none" ? "no credentials" : result.state === "insufficient" ? "scope" : result.why;
      if (result.state !== "none")
        records.authenticated(result.state === "insufficient" ? "token" : schemeOf(request), false);
      return records.refuse(request, reason, login.resource.refuse(result), result.state);
    }
    const identity = { ...result.identity, roles: holding.rolesAmong(result.identity.roles) };
    records.identify(request, identity);
    records.authenticated(identity.by, true);
    context.principal = holding.ownerOf(identity);
    context.endsMs = result.endsMs;
    if (!holding.hasRoles || identity.roles.length > 0) return undefined;
    return records.refuse(request, "no role", refusal(403, SERVER_ERROR, "Forbidden: you have no role here"));
  };

  const bounded: Check = (context) => {
    const { request } = context;
    const counted = countedFor(context);
    const length = request.headers.get("content-length");
    if (limited.bytes !== undefined && request.method === "POST" && length === null) {
      const answer = refusal(411, SERVER_ERROR, "Length Required: the size of a body is counted here");
      return records.refuse(request, "length", answer);
    }
    const over = limits.begin(counted, Number(length ?? 0) || 0);
    if (over !== undefined) return overrun(request, over);
    charged.set(request, counted);
    records.whenOver(request, () => release(request));
    return undefined;
  };

  /** Where nobody is asked who they are, addresses are told apart. */
  function countedFor({ request, address }: RequestContext): string {
    const { principal, by } = records.identityOf(request);
    if (by !== "nothing") return principal;
    return `address ${countedAs(isAddressAsked ? address : access.addressOf(request.headers, address))}`;
  }

  /** A body may come slowly, and who sends it have lost what let them in meanwhile. */
  const stillKnown: MessageCheck = ({ request, principal }) =>
    isOwner(principal)
      ? undefined
      : records.refuse(request, "no longer", refusal(403, SERVER_ERROR, "Forbidden: what let you in holds no longer"));

  function overrun(request: Request, { why, headers }: Overrun): Response {
    const message = why === "logins" ? "too many failed logins from your address" : `too many ${why}`;
    return records.refuse(request, why, refusal(429, SERVER_ERROR, `Too Many Requests: ${message}`, { headers }));
  }

  function limit(changed: ProxyConfig["limits"]): void {
    limited = changed;
    limits.change(limited);
  }

  function release(request: Request): void {
    const principal = charged.get(request);
    if (principal !== undefined && charged.delete(request)) limits.end(principal);
  }

  return {
    checks: [known, authenticated, bounded],
    messageChecks: [stillKnown, (context, message) => records.message(context, message)],
    mayBegin({ request, principal }, owners) {
      const name = principalOf(principal);
      const over = limits.mayBegin(owners.filter((owner) => principalOf(owner) === name).length);
      return over && overrun(request, over);
    },
    serverFor({ request }, server, session) {
      const identity = records.identityOf(request);
      const policy = access.policyOf(identity.roles);
      const watched = { ...server, watch: records.watch, said: records.saidBy(session, identity) };
      return policy === undefined ? watched : { ...watched, env: { ...server.env, [ROLE_VARIABLE]: policy } };
    },
    identityOf: ({ request }) => records.identityOf(request),
    rolesOf: ({ request }) => access.rolesNamed(records.identityOf(request).roles),
    finished(context, response) {
      if (isAddressAsked && !records.has(context.request))
        context.address = access.addressOf(context.request.headers, context.address);
      records.finished(context, response);
    },
    isOwner,
    async change(changed, signers) {
      access = await openAccess({ config: changed, authority: signers, resolve, warn });
      limit(changed.limits);
    },
    limit,
  };
}

function schemeOf({ headers }: Request): string {
  if (headers.has("x-api-key")) return "key";
  const authorization = headers.get("authorization") ?? "";
  if (/^basic /i.test(authorization)) return "password";
  return authorization === "" ? "certificate" : /^bearer +kmk_/i.test(authorization) ? "key" : "token";
}
