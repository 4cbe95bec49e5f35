/** The tool `prometheus_metrics`: which metrics there are and what they mean; of one, its labels and where it comes from. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { listed } from "../listed.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { ask, type Connection, connectionOf, type PrometheusBackend } from "./backend.ts";
import { LABELS } from "../labels.ts";
import { RESULT } from "./sample.ts";
import { counted } from "../../counted.ts";

const METADATA = v.record(v.string(), v.array(v.object({ type: v.string(), help: v.string(), unit: v.string() })));
const TARGET_METADATA = v.array(
  v.object({ target: LABELS, metric: v.optional(v.string()), type: v.string(), help: v.string(), unit: v.string() }),
);
const TEXTS = v.array(v.string());
/** Names of metrics rarely change. */
const KEPT_MS = 15_000;
/** Behind the name of a histogram or summary, in the name of each of its series. */
const ENDINGS = /_(?:bucket|count|sum|total|created|info)$/;
const MOST_LABELS = 30;
const MOST_VALUES = 5;
const METRIC_NAME = /^[a-zA-Z_:][\w:]*$/;

interface Metrics {
  total?: number;
  metrics: object[];
}

interface Metric {
  name: string;
  type: string;
  help?: string;
  unit?: string;
}

export const metrics = tool({
  name: "metrics",
  title: "Metrics",
  description: "Metrics by words of name or help; of one: labels, number of series, targets.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    search: searchArgument,
    type: v.optional(word("counter", "gauge", "histogram", "summary")),
    metric: described(
      "One name",
      v.pipe(text("the name of a metric", 1000), v.regex(METRIC_NAME, "the name of a metric")),
    ),
    target: described('Of targets as {job="web"}', text('a selector such as {job="web"}')),
    ...listArguments(30),
  }),
  output: v.object({ metrics: v.array(v.unknown()) }),
  async run({ search, type, metric, target, limit, ...input }, call: ToolCall<PrometheusBackend>) {
    const connection = connectionOf(call.backend, input.connection);
    if (metric !== undefined) return await oneMetric(connection, metric, call.signal);
    const all =
      target === undefined ? await known(connection, call.signal) : await exposed(connection, target, call.signal);
    const found = all
      .filter((one) => type === undefined || one.type === type)
      .filter(({ name, help }) => hasWords(`${name} ${help ?? ""}`, search))
      .toSorted((a, b) => Number(hasWords(b.name, search)) - Number(hasWords(a.name, search)));
    return listed(
      {
        all: found,
        what: "metrics",
        limit,
        token: input.continue,
        question: [search, type, target, input.connection],
        mostBytes: call.mostBytes,
        head: `${found.length} of ${all.length} metrics`,
        line,
      },
      (items, total): Metrics => ({ total, metrics: items }),
    );
  },
});

/** By name. Some have series and no metadata: those of recording rules. */
async function known(connection: Connection, signal: AbortSignal): Promise<Metric[]> {
  const [{ data: described }, { data: names }] = await Promise.all([
    ask(connection, { path: "/api/v1/metadata", signal, cacheMs: KEPT_MS }, METADATA),
    ask(connection, { path: "/api/v1/label/__name__/values", signal, cacheMs: KEPT_MS }, TEXTS),
  ]);
  const all = new Map(Object.entries(described).map(([name, [first]]) => [name, metricOf(name, first)]));
  for (const name of names) {
    const family = name.replace(ENDINGS, "");
    if (!all.has(name) && !all.has(family)) all.set(name, { name, type: "unknown" });
  }
  return [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function exposed(connection: Connection, target: string, signal: AbortSignal): Promise<Metric[]> {
  const query = { match_target: target };
  const { data } = await ask(connection, { path: "/api/v1/targets/metadata", query, signal }, TARGET_METADATA);
  const all = new Map(data.map((one) => [one.metric ?? "", metricOf(one.metric ?? "", one)]));
  return [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function metricOf(name: string, found: { type: string; help: string; unit: string } | undefined): Metric {
  const { type = "unknown", help = "", unit = "" } = found ?? {};
  return { name, type, ...(help !== "" && { help }), ...(unit !== "" && { unit }) };
}

async function oneMetric(connection: Connection, metric: string, signal: AbortSignal): Promise<Answer<Metrics>> {
  const family = metric.replace(ENDINGS, "");
  const pattern = `{__name__=~"${metric}(?:_bucket|_count|_sum)?"}`;
  const [meta, ofFamily, labels, counted, targets] = await Promise.all([
    ask(connection, { path: "/api/v1/metadata", query: { metric }, signal }, METADATA),
    ask(connection, { path: "/api/v1/metadata", query: { metric: family }, signal }, METADATA),
    ask(connection, { path: "/api/v1/labels", query: { "match[]": [pattern] }, signal }, TEXTS),
    ask(connection, { path: "/api/v1/query", query: { query: `count by (__name__) (${pattern})` }, signal }, RESULT),
    ask(
      connection,
      { path: "/api/v1/targets/metadata", query: { metric: family, limit: 100 }, signal },
      TARGET_METADATA,
    ),
  ]);
  const [found] = meta.data[metric] ?? ofFamily.data[family] ?? [];
  const names = labels.data.filter((name) => name !== "__name__");
  const values = await Promise.all(
    names.slice(0, MOST_LABELS).map(async (name) => {
      const path = `/api/v1/label/${encodeURIComponent(name)}/values`;
      const { data } = await ask(connection, { path, query: { "match[]": [pattern] }, signal }, TEXTS);
      return { name, values: data.length, such: data.slice(0, MOST_VALUES) };
    }),
  );
  const series = counted.data.resultType === "vector" ? counted.data.result : [];
  const counts = Object.fromEntries(
    series.map((one) => [one.metric["__name__"] ?? "", Number(one.value?.[1] ?? one.histogram?.[1].count)]),
  );
  const one = {
    ...metricOf(metric, found),
    series: counts,
    labels: values,
    targets: targets.data.map(({ target }) => target),
  };
  const isThere = found !== undefined || names.length > 0;
  return {
    data: { metrics: isThere ? [one] : [] },
    text: isThere ? oneText(one) : `There is no metric ${metric} with series now`,
    ...(names.length > MOST_LABELS && { note: `Shown are ${MOST_LABELS} of ${names.length} labels.` }),
  };
}

function oneText({
  series,
  labels,
  targets,
  ...metric
}: Metric & {
  series: Record<string, number>;
  labels: { name: string; values: number; such: string[] }[];
  targets: Record<string, string>[];
}): string {
  const counts = Object.entries(series).map(([name, count]) => `${name}: ${count} series`);
  const rows = labels.map(({ name, values, such }) => `label ${name}: ${counted(values, "value")}, ${such.join(", ")}`);
  return [line(metric), ...counts, ...rows, `targets: ${targets.length}`].join("\n");
}

function line({ name, type, help = "", unit }: Metric): string {
  return `${name}  ${type}${unit === undefined ? "" : ` in ${unit}`}  ${help}`.trimEnd();
}
