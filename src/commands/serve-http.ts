/** `serveHttp`: km's own services for clients that speak HTTP, until km is asked to end. */
import type { RequestContext } from "../gateway/request-context.ts";
import { NameMatcher } from "../guard/policy/name-matcher.ts";
import { parseNames } from "../guard/policy/written.ts";
import type { Caller } from "../services/caller.ts";
import { hostEndpoints } from "../services/host/host-endpoints.ts";
import { hostPages } from "../services/host/host-pages.ts";
import { roleCaller } from "../services/host/role-caller.ts";
import type { GatewayArgs } from "./gateway-flags.ts";
import type { ProxyFront } from "./proxy-front.ts";
import type { SettingsArgs } from "./proxy-settings.ts";
import { runGateway } from "./run-gateway.ts";
import type { ServedHost } from "./serve-host.ts";

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
  await runGateway({
    args,
    usualAddress: DEFAULT_ADDRESS,
    drainMs,
    moreMetrics: served.metricsText,
    usualRequests: () => served.host.settings.requests,
    reload: () => served.reload(),
    offered({ front, metricsText, usualChanged }, failed) {
      served.whenRead(usualChanged);
      const callerOf = (context: RequestContext): Caller =>
        roleCaller(front.identityOf(context).principal, front.rolesOf(context));
      return {
        endpoints: hostEndpoints({ host: served.host, callerOf, hasRootSse, failed }),
        pages: hostPages({
          host: served.host,
          metrics: metricsText,
          mayReadAudit: (context) => mayReadAudit(front, context),
          auditFile: served.auditFile,
        }),
      };
    },
  });
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
