/** `serveHttp`: km's own services for clients that speak HTTP, until km is asked to end. */
import { untilAsked } from "../backend/drain.ts";
import { messageOf } from "../errors.ts";
import { startGateway } from "../gateway/gateway.ts";
import type { RequestContext } from "../gateway/request-context.ts";
import { NameMatcher } from "../guard/policy/name-matcher.ts";
import { parseNames } from "../guard/policy/written.ts";
import type { Caller } from "../services/caller.ts";
import { hostEndpoints } from "../services/host/host-endpoints.ts";
import { hostPages } from "../services/host/host-pages.ts";
import { roleCaller } from "../services/host/role-caller.ts";
import { type GatewayArgs, gatewayBounds, listenAddress } from "./gateway-flags.ts";
import { type ProxyFront, proxyFront } from "./proxy-front.ts";
import type { SettingsArgs } from "./proxy-settings.ts";
import { untilHungUp } from "./proxy-hang-up.ts";
import type { ServedHost } from "./serve-host.ts";
import { say } from "./say.ts";

export const DEFAULT_ADDRESS = "127.0.0.1:8090";

/** What a role must be allowed to use, among its methods. */
const AUDIT_METHOD = "audit/read";

export interface ServeHttpOptions {
  args: GatewayArgs & SettingsArgs;
  /** Whether the transport of 2024-11-05 is at the root too. */
  hasRootSse: boolean;
  /** How long calls may still take when km is asked to end. */
  drainMs: number;
}

export async function serveHttp(served: ServedHost, { args, hasRootSse, drainMs }: ServeHttpOptions): Promise<void> {
  const listen = listenAddress(args, DEFAULT_ADDRESS);
  const listener = await proxyFront(args, listen, {
    moreMetrics: served.metricsText,
    usualRequests: served.host.settings.requests,
  });
  const { front } = listener;
  const failed = (error: unknown): void => say(`A request could not be answered: ${messageOf(error)}`);
  try {
    const gateway = startGateway({
      listen: listener.listen,
      reachedAt: listener.reachedAt,
      endpoints: hostEndpoints({ host: served.host, callerOf, hasRootSse, failed }),
      pages: hostPages({
        host: served.host,
        metrics: listener.metricsText,
        mayReadAudit: (context) => mayReadAudit(front, context),
        auditFile: served.auditFile,
      }),
      ...gatewayBounds(args),
      mayBegin: (context, owners) => front.mayBegin(context, owners),
      checks: front.checks,
      messageChecks: front.messageChecks,
      finished: (context, response) => front.finished(context, response),
      failed,
    });
    try {
      listener.started(gateway);
      // Not before all that can fail: while it listens for signals, km does not end by itself.
      const asked = Promise.race([untilAsked(), untilHungUp(reload)]);
      say(`MCP over HTTP at ${gateway.url}`);
      if (gateway.sseUrl !== undefined) say(`MCP over HTTP with SSE, as before 2025-03-26, at ${gateway.sseUrl}`);
      await asked;
    } finally {
      await gateway.stop(drainMs);
    }
  } finally {
    await listener.close();
  }

  async function reload(): Promise<void> {
    await listener.reload?.();
    await served.reload();
  }

  function callerOf(context: RequestContext): Caller {
    return roleCaller(front.identityOf(context).principal, front.rolesOf(context));
  }
}

/** Where nobody is asked who they are, nobody may: its owner has the file. */
function mayReadAudit(front: ProxyFront["front"], context: RequestContext): boolean {
  if (front.identityOf(context).by === "nothing") return false;
  const roles = front.rolesOf(context);
  return (
    roles === undefined ||
    roles.some(([, { methods }]) => {
      const names = methods === undefined ? undefined : parseNames(methods);
      return names !== undefined && new NameMatcher(names).matches(AUDIT_METHOD) === true;
    })
  );
}
