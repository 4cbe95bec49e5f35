/** `hostEndpoints`: where the services are on the listener: all of them together, and each for itself. */
import type { GatewayEndpoint } from "../../gateway/gateway.ts";
import type { RequestContext } from "../../gateway/request-context.ts";
import { SSE_PATHS } from "../../gateway/sse-endpoints.ts";
import type { Caller } from "../caller.ts";
import { innerServer } from "./inner-server.ts";
import type { ServiceHost } from "./service-host.ts";

export interface HostEndpointsOptions {
  host: ServiceHost;
  callerOf(context: RequestContext): Caller;
  /** Whether the transport of 2024-11-05 is at the root too. */
  hasRootSse: boolean;
  failed(error: Error): void;
}

const ROOT = "/mcp";

export function hostEndpoints(options: HostEndpointsOptions): [GatewayEndpoint, ...GatewayEndpoint[]] {
  const { host, callerOf, hasRootSse, failed } = options;
  const serverFor = (service: string | undefined) => (context: RequestContext) => {
    const caller = callerOf(context);
    return innerServer((transport) => host.serve(transport, { caller, service, failed }));
  };
  const under = (name: string, service: string | undefined): GatewayEndpoint => ({
    path: `/api/${name}/streamable-http`,
    sse: { stream: `/api/${name}/sse`, messages: `/api/${name}/sse/message` },
    serverFor: serverFor(service),
  });
  return [
    { path: ROOT, sse: hasRootSse ? SSE_PATHS : undefined, serverFor: serverFor(undefined) },
    under("aggregate", undefined),
    ...host.opened.services.map(({ name }) => under(name, name)),
  ];
}
