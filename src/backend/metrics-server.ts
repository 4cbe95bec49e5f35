/** `serveMetrics`: the counters of the service at an address of their own, for Prometheus alone. */
import { type Metrics, METRICS_MEDIA_TYPE } from "./metrics.ts";

export interface MetricsServer {
  url: string;
  stop(): Promise<void>;
}

export function serveMetrics(metrics: Metrics, hostname: string, port: number): MetricsServer {
  const server = Bun.serve({
    hostname,
    port,
    reusePort: false, // unless told so, Bun lets two processes have one port, and each gets some of the requests
    development: false,
    fetch(request) {
      if (new URL(request.url).pathname !== "/metrics") return new Response("Not found\n", { status: 404 });
      return new Response(metrics.render(), { headers: { "content-type": METRICS_MEDIA_TYPE } });
    },
  });
  return { url: `${server.url.origin}/metrics`, stop: () => server.stop(true) };
}
