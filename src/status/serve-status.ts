/** `serveStatus`: the state of the running sessions at a loopback address, for a Prometheus on this machine. */
import type { ListenAddress } from "../backend/listen-address.ts";
import { type LoopbackServer, serveOnLoopback } from "./serve-on-loopback.ts";
import type { Status } from "./status.ts";
import { sharedLook } from "./shared-look.ts";
import { statusMetrics } from "./status-metrics.ts";

/** @throws KmError USAGE as `serveOnLoopback` */
export function serveStatus(address: ListenAddress, look: () => Promise<Status>): LoopbackServer {
  const seen = sharedLook(look);
  return serveOnLoopback(address, async () => statusMetrics(await seen()));
}
