/** The service `prometheus`: Prometheus, and what speaks its API: Thanos, Mimir, VictoriaMetrics. */
import * as v from "valibot";
import { described, record, text, wholeNumber } from "../../guard/policy/schema-parts.ts";
import { parseDuration } from "../../config/units.ts";
import { connectionsSchema } from "../backend/connections.ts";
import { openClients } from "../backend/open-clients.ts";
import { probeEach } from "../backend/probe-each.ts";
import type { Service } from "../service.ts";
import { admin, deleteSeries, snapshot } from "./admin.ts";
import { alerts } from "./alerts.ts";
import type { Connection, PrometheusBackend } from "./backend.ts";
import { exemplars } from "./exemplars.ts";
import { labels } from "./labels.ts";
import { metrics } from "./metrics.ts";
import { quantile } from "./quantile.ts";
import { query } from "./query.ts";
import { queryRange } from "./query-range.ts";
import { readError } from "./read-error.ts";
import { readiness } from "./ready.ts";
import { rules } from "./rules.ts";
import { series } from "./series.ts";
import { status } from "./status.ts";
import { targets } from "./targets.ts";
import { errorBudget } from "./prompt.ts";

const LONGEST = "a duration such as 31d";
const TENANT = /^[\w!.*'()|-]{1,150}$/;

const config = connectionsSchema({
  tenant: described(
    "Sent as X-Scope-OrgID, for Mimir, Cortex and Thanos",
    v.pipe(v.string(), v.regex(TENANT, "the name of a tenant")),
  ),
  params: described(
    'Sent with each request, such as dedup: "true" for Thanos',
    record(text("a text", 1000), "a mapping of names to texts"),
  ),
  longest: described(
    "The longest time that a range may span; default: 31d",
    v.pipe(
      v.string(LONGEST),
      v.check((value) => (parseDuration(value) ?? 0) >= 60_000, LONGEST),
    ),
  ),
  series: described("How many series a query may give; default: 10000", wholeNumber("a whole number from 1")),
  samples: described("How many samples a query may read; default: 50000000", wholeNumber("a whole number from 1")),
});

const service: Service<v.InferOutput<typeof config>, PrometheusBackend> = {
  name: "prometheus",
  title: "Prometheus",
  description: "Ask a Prometheus server: queries, metrics, targets, rules and alerts",
  config,
  flags: { url: { key: "url", valueHint: "url", description: "Where Prometheus is" } },
  tools: [
    query,
    queryRange,
    metrics,
    alerts,
    labels,
    series,
    exemplars,
    quantile,
    targets,
    rules,
    status,
    snapshot,
    deleteSeries,
    admin,
  ],
  prompts: [errorBudget],
  async open(written, around) {
    const connections = await openClients(
      {
        name: "prometheus",
        title: "Prometheus",
        url: "http://127.0.0.1:9090",
        readError,
        headers: ({ tenant }) => ({ "X-Scope-OrgID": tenant }),
      },
      written,
      around,
      ({ client, one }): Connection => ({
        client,
        params: one.params ?? {},
        limits: {
          longestMs: parseDuration(one.longest ?? "31d") ?? 0,
          series: one.series ?? 10_000,
          samples: one.samples ?? 50_000_000,
        },
      }),
    );
    return { connections };
  },
  async probe({ connections }, signal) {
    return await probeEach(connections, async (connection) => await readiness(connection, signal));
  },
  async close({ connections }) {
    for (const { client } of connections.values()) await client.close();
  },
};

export default service;
