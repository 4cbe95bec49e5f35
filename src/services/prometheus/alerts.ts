/** The tool `prometheus_alerts`: alerts that are pending or firing by Prometheus' own rules. */
import * as v from "valibot";
import { word } from "../../guard/policy/schema-parts.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { detailArgument, hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { ask, connectionOf, type PrometheusBackend } from "./backend.ts";
import { LABELS, seriesName } from "../labels.ts";
import { asNumber } from "./sample.ts";
import { counted } from "../../counted.ts";

const ALERTS = v.object({
  alerts: v.array(
    v.object({
      labels: LABELS,
      annotations: v.optional(LABELS, {}),
      state: v.string(),
      activeAt: v.optional(v.string(), ""),
      value: v.optional(v.string(), ""),
    }),
  ),
});

export const alerts = tool({
  name: "alerts",
  title: "Alerts",
  description: "Pending and firing alerts, counted by name. Silences are Alertmanager's.",
  access: "read",
  toolset: "state",
  input: v.strictObject({
    state: v.optional(word("firing", "pending")),
    search: searchArgument,
    detail: detailArgument,
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), counts: v.unknown(), alerts: v.array(v.unknown()) }),
  async run({ state, search, detail, ...input }, { backend, signal, mostBytes }: ToolCall<PrometheusBackend>) {
    const connection = connectionOf(backend, input.connection);
    const { data } = await ask(connection, { path: "/api/v1/alerts", signal, mostBytes: 32 << 20 }, ALERTS);
    const all = data.alerts
      .filter((one) => state === undefined || one.state === state)
      .filter(({ labels, annotations }) => hasWords(`${seriesName(labels)} ${seriesName(annotations)}`, search))
      .toSorted((a, b) => (a.state === b.state ? 0 : a.state === "firing" ? -1 : 1));
    const counts: Record<string, number> = {};
    for (const { labels, state: now } of all) {
      const key = `${labels["alertname"] ?? ""} ${now}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    const by = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
    return listed(
      {
        all: all.map(({ annotations, ...one }) => (detail ? { ...one, annotations } : one)),
        what: "alerts",
        limit: input.limit,
        token: input.continue,
        question: [state, search, detail, input.connection],
        mostBytes,
        head: `${counted(all.length, "alert")}${by.length === 0 ? "" : `: ${by.join(", ")}`}`,
        line: ({ state: now, labels, activeAt, value }) =>
          `${now}  ${seriesName(labels)}  since ${activeAt}  value ${asNumber(value)}`,
      },
      (items, total) => ({ total, counts, alerts: items }),
    );
  },
});
