/** `serveOnLoopback`: metrics at an address of loopback, for a Prometheus on this machine. */
import { hostCheck, isLoopback } from "../backend/hosts.ts";
import type { ListenAddress } from "../backend/listen-address.ts";
import { METRICS_MEDIA_TYPE } from "../backend/metrics.ts";
import { KmError, messageOf, systemCode } from "../errors.ts";

const HEADERS = {
  "content-type": METRICS_MEDIA_TYPE,
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
};

export interface LoopbackServer {
  url: string;
  stop(): Promise<void>;
}

/**
 * @param render asked at each request to `/metrics`
 * @param flag that gave the address
 * @throws KmError USAGE where the address is not one of loopback: nobody is asked who he is. With exit code 1 where it
 *   cannot be listened at
 */
export function serveOnLoopback(
  { hostname, port }: ListenAddress,
  render: () => string | Promise<string>,
  flag = "--listen",
): LoopbackServer {
  if (!isLoopback(hostname)) {
    throw new KmError("USAGE", `Flag ${flag} is not an address of this machine alone: "${hostname}"`, {
      hint: "Write it as 127.0.0.1:9464; put a proxy that knows its callers before it for others.",
    });
  }
  const isHost = hostCheck(hostname, []);
  try {
    const server = Bun.serve({
      hostname,
      port,
      reusePort: false, // unless told so, Bun lets two processes have one port, and each gets some of the requests
      development: false,
      async fetch(request) {
        if (!isHost(request.headers.get("host"))) return new Response("Not for this host\n", { status: 421 });
        if (new URL(request.url).pathname !== "/metrics") return new Response("Not found\n", { status: 404 });
        if (request.method !== "GET" && request.method !== "HEAD") {
          return new Response("Method not allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
        }
        return new Response(await render(), { headers: HEADERS });
      },
      error: (error) => new Response(`${messageOf(error)}\n`, { status: 500 }),
    });
    return { url: `${server.url.origin}/metrics`, stop: () => server.stop(true) };
  } catch (error) {
    const reason = systemCode(error) === "EADDRINUSE" ? "it is in use" : messageOf(error);
    throw new KmError("USAGE", `Cannot listen on ${hostname}:${port}: ${reason}`, {
      hint: `Choose another port with ${flag}, or 0 for any that is free.`,
      exitCode: 1,
      cause: error,
    });
  }
}
