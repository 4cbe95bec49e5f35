/**
 * Measures what `km serve` adds to a call of a backend: a tool through km over stdio, against the same request made directly.
 * Both take turns, since the machine's speed drifts. A service whose backend is not installed is passed over, and that is said.
 *
 *   bun bench/services.ts [--rounds N] [--json]      KM_BINARY=dist/km
 */
import { parseArgs } from "node:util";
import { PROMETHEUS, startPrometheus } from "../test/services/prometheus/prometheus-server.ts";
import { remoteWrite } from "../test/services/prometheus/remote-write.ts";
import { connectServe } from "../test/services/serve-client.ts";
import { median, tell } from "./figure.ts";
import { measureKubernetes } from "./services-kubernetes.ts";

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "200" }, json: { type: "boolean", default: false } },
});
const WARM_UP = 20;
const rounds = Number(options.rounds);

await prometheus();
await measureKubernetes(Math.min(rounds, 30), options.json);

async function prometheus(): Promise<void> {
  if (PROMETHEUS === null) {
    console.error("prometheus is not installed: not measured");
    return;
  }
  await using backend = await startPrometheus();
  await using km = await connectServe(["prometheus"], { flags: ["--set", `prometheus.url=${backend.url}`] });
  const query = "shelves";
  const series = Array.from({ length: 20 }, (_, number) => ({
    labels: { __name__: query, number: String(number) },
    samples: [{ value: number, at: Date.now() }],
  }));
  await remoteWrite(backend.url, series);
  const direct = async (): Promise<void> => {
    const response = await fetch(`${backend.url}/api/v1/query?query=${encodeURIComponent(query)}`);
    await response.json();
  };
  const served = async (): Promise<void> => {
    const { isError, text } = await km.call("prometheus_query", { query });
    if (isError) throw new Error(text);
  };
  await turns("prometheus_query, 20 series", direct, served);
}

/** Tells the median of both. */
async function turns(measure: string, direct: () => Promise<void>, served: () => Promise<void>): Promise<void> {
  const times: { direct: number[]; served: number[] } = { direct: [], served: [] };
  for (let round = -WARM_UP; round < rounds; round++) {
    const took = { direct: await milliseconds(direct), served: await milliseconds(served) };
    if (round < 0) continue;
    times.direct.push(took.direct);
    times.served.push(took.served);
  }
  tell({ measure, unit: "ms", value: median(times.served), floor: median(times.direct) }, options.json);
}

async function milliseconds(call: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await call();
  return performance.now() - startedMs;
}
