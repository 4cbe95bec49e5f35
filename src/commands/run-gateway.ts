/** `runGateway`: MCP over HTTP, with all that a request has to pass, until km is asked to end. */
import { untilAsked } from "../backend/drain.ts";
import { messageOf } from "../errors.ts";
import { type GatewayOptions, startGateway } from "../gateway/gateway.ts";
import { type GatewayArgs, gatewayBounds, listenAddress } from "./gateway-flags.ts";
import { type FrontExtras, type ProxyFront, proxyFront } from "./proxy-front.ts";
import { untilHungUp } from "./proxy-hang-up.ts";
import type { SettingsArgs } from "./proxy-settings.ts";
import { say } from "./say.ts";

export interface GatewayRun extends FrontExtras {
  args: GatewayArgs & SettingsArgs;
  /** As an example of what can be listened at. */
  usualAddress: string;
  /** How long what is being answered may still take when km is asked to end, milliseconds. */
  drainMs: number;
  /** What is offered there. @param failed for the operator */
  offered(
    listener: ProxyFront,
    failed: (error: unknown) => void,
  ): Pick<GatewayOptions, "endpoints"> & Partial<Pick<GatewayOptions, "pages">>;
  /** Reads anew what stands in other files than the listener's own. */
  reload?: () => Promise<void>;
}

/** @throws KmError as `proxyFront`, and for an address that cannot be had */
export async function runGateway({
  args,
  usualAddress,
  drainMs,
  offered,
  reload,
  ...extras
}: GatewayRun): Promise<void> {
  const listener = await proxyFront(args, listenAddress(args, usualAddress), extras);
  const { front } = listener;
  const failed = (error: unknown): void => say(`A request could not be answered: ${messageOf(error)}`);
  try {
    const gateway = startGateway({
      listen: listener.listen,
      reachedAt: listener.reachedAt,
      ...offered(listener, failed),
      ...gatewayBounds(args),
      mayBegin: (context, owners) => front.mayBegin(context, owners),
      checks: front.checks,
      messageChecks: front.messageChecks,
      finished: (context, response) => front.finished(context, response),
      failed,
    });
    try {
      listener.started(gateway);
      const hungUp = untilHungUp(
        reload === undefined
          ? listener.reload
          : async () => {
              await listener.reload?.();
              await reload();
            },
      );
      // Not before all that can fail: while it listens for signals, km does not end by itself.
      const asked = Promise.race([untilAsked(), hungUp]);
      say(`MCP over HTTP at ${gateway.url}`);
      if (gateway.sseUrl !== undefined) say(`MCP over HTTP with SSE, as before 2025-03-26, at ${gateway.sseUrl}`);
      await asked;
    } finally {
      await gateway.stop(drainMs);
    }
  } finally {
    await listener.close();
  }
}
