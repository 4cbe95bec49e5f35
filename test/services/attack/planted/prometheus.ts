/** Plants secrets in a real Prometheus: in its configuration, labels of series, alerts. */
import { PROMETHEUS, startPrometheus } from "../../prometheus/prometheus-server.ts";
import type { StartedServer } from "../../started-server.ts";
import { OWN_LOGIN, type Plant, PLANTED, type Step } from "./plant.ts";

const CONFIG = `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: self
    basic_auth: { username: km, password: ${PLANTED} }
    static_configs: [{ targets: ["127.0.0.1:PORT"], labels: { api_key: ${PLANTED} } }]
  - job_name: gone
    params: { token: [${PLANTED}] }
    static_configs: [{ targets: ["127.0.0.1:1"] }]
remote_write:
  - url: "http://user:${PLANTED}@127.0.0.1:1/push"
    authorization: { credentials: ${PLANTED} }
rule_files: [rules.yml]
`;
const RULES = `
groups:
  - name: shop
    interval: 1s
    rules:
      - { alert: Down, expr: vector(1), labels: { password: ${PLANTED} }, annotations: { note: "token=${PLANTED}" } }
      - { record: up:count, expr: count(up) }
`;

export const prometheus: Plant = {
  service: "prometheus",
  why: PROMETHEUS === null ? " (skipped: prometheus is not installed)" : "",
  async plant() {
    const server = await startPrometheus({
      config: CONFIG,
      files: { "rules.yml": RULES },
      flags: ["--web.enable-admin-api", "--web.enable-lifecycle"],
    });
    await untilScraped(server);
    const end = async (): Promise<void> => await server[Symbol.asyncDispose]();
    return {
      settings: {
        url: server.url,
        auth: { type: "bearer", token: OWN_LOGIN },
        headers: { "x-api-key": OWN_LOGIN },
      },
      steps: [
        ["query", { query: "up" }],
        ["query", { query: `up{password="${PLANTED}"` }],
        ["query_range", { query: "up", start: "-1m", step: "5s", points: true }],
        ["metrics", { search: "prometheus" }],
        ["alerts", { detail: true }],
        ["labels", { label: "api_key" }],
        ["series", { match: ["up"] }],
        ["exemplars", { query: "up" }],
        ["quantile", { metric: "prometheus_http_request_duration_seconds" }],
        ["targets", { detail: true, state: "any" }],
        ["rules", { detail: true }],
        ...["overview", "flags", "config", "tsdb"].map((section): Step => ["status", { section }]),
        ["snapshot", {}],
        ["delete_series", { match: [`up{api_key="${PLANTED}"}`] }],
        ["admin", { action: "reload" }],
      ],
      gone: { end, steps: [["query", { query: `up{token="${PLANTED}"}` }]] },
      [Symbol.asyncDispose]: end,
    };
  },
};

/** There are samples, of the tools' kinds too, and an alert. */
async function untilScraped({ url }: StartedServer): Promise<void> {
  for (const query of [
    "rate(prometheus_http_request_duration_seconds_count[1m])",
    'ALERTS{alertname="Down"}',
    "up:count",
  ]) {
    for (let found = ""; !found.includes('"value"'); await Bun.sleep(100)) {
      found = await (await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`)).text();
    }
  }
}
