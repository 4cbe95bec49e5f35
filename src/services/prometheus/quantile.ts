/** The tool `prometheus_quantile`: quantiles of a histogram, classic or native, without writing their PromQL. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { parseDuration } from "../../config/units.ts";
import { KmError } from "../../errors.ts";
import { matchersArgument, matchersOf, matcherText } from "../matcher.ts";
import { momentArgument, momentOf } from "../moment.ts";
import { tool, type ToolCall } from "../tool.ts";
import { listArguments } from "../list-arguments.ts";
import { ask, type Connection, connectionOf, noteOf, type PrometheusBackend } from "./backend.ts";
import { refuseCostly } from "./cost.ts";
import { rounded } from "./histogram.ts";
import { seriesName } from "../labels.ts";
import { RESULT } from "./sample.ts";
import { listed } from "../listed.ts";

const QUANTILES = "a list of numbers from 0 to 1";
const NAME = "the name of a histogram, without _bucket";
const LABEL = "a list of names of labels";
const RANGE = "a duration such as 5m";
const MOST_BYTES = 16 << 20;

export const quantile = tool({
  name: "quantile",
  title: "Quantiles of a histogram",
  description: "Quantiles, rate and mean of a histogram (classic or native), and the PromQL for them.",
  access: "read",
  toolset: "series",
  input: v.strictObject({
    metric: v.pipe(text(NAME), v.regex(/^[a-zA-Z_:][\w:]*$/, NAME), v.description("Its name, without _bucket")),
    quantiles: v.optional(
      v.pipe(
        v.array(v.pipe(v.number(QUANTILES), v.minValue(0, QUANTILES), v.maxValue(1, QUANTILES)), QUANTILES),
        v.minLength(1, QUANTILES),
        v.maxLength(10, QUANTILES),
      ),
      [0.5, 0.9, 0.99],
    ),
    match: v.optional(matchersArgument('Such as job="web"'), []),
    by: v.optional(
      v.pipe(
        v.array(v.pipe(text(LABEL), v.regex(/^[a-zA-Z_]\w*$/, LABEL)), LABEL),
        v.maxLength(20, LABEL),
        v.description("Labels to keep apart"),
      ),
      [],
    ),
    range: described(
      "Of the rate; default 5m",
      v.pipe(
        v.string(RANGE),
        v.check((value) => (parseDuration(value) ?? 0) >= 1000, RANGE),
      ),
    ),
    time: momentArgument("Default now"),
    ...listArguments(50),
  }),
  output: v.object({ kind: v.string(), queries: v.unknown(), total: v.number(), groups: v.array(v.unknown()) }),
  async run(
    { metric, quantiles, match, by, range = "5m", time, limit, ...input },
    { backend, signal, mostBytes }: ToolCall<PrometheusBackend>,
  ) {
    const connection = connectionOf(backend, input.connection);
    const at = time === undefined ? undefined : momentOf(time, Date.now(), 0) / 1000;
    const inside = matchersOf(match).map(matcherText).join(",");
    const isNative = await isNativeHistogram(connection, { metric, inside, range, at, signal });
    const queries = queriesFor(metric, { inside, by, range, quantiles, isNative });
    const groups = new Map<string, Record<string, unknown>>();
    const warnings: string[] = [];
    for (const [name, query] of Object.entries(queries)) {
      await refuseCostly(
        connection,
        { query, endMs: at === undefined ? undefined : at * 1000 },
        { signal, mostBytes: MOST_BYTES },
      );
      const answer = await ask(
        connection,
        { path: "/api/v1/query", query: { query, time: at }, signal, mostBytes: MOST_BYTES },
        RESULT,
      );
      warnings.push(...answer.warnings);
      if (answer.data.resultType !== "vector") continue;
      for (const { metric: labels, value } of answer.data.result) {
        const key = seriesName(labels);
        const group = groups.get(key) ?? { labels };
        groups.set(key, { ...group, ...(value !== undefined && { [name]: rounded(Number(value[1])) ?? value[1] }) });
      }
    }
    return listed(
      {
        all: [...groups.entries()],
        what: "groups",
        limit,
        token: input.continue,
        question: [metric, quantiles, match, by, range, time, input.connection],
        mostBytes: mostBytes - JSON.stringify(queries).length * 2,
        head: `${metric}, a ${isNative ? "native" : "classic"} histogram over ${range}`,
        note: noteOf(...new Set(warnings)),
        line: ([key, { labels: _labels, ...values }]) =>
          `${key}  ${Object.entries(values)
            .map(([name, value]) => `${name} ${String(value)}`)
            .join("  ")}`,
      },
      (items, total) => ({
        kind: isNative ? "native" : "classic",
        queries,
        total,
        groups: items.map(([, group]) => group),
      }),
    );
  },
});

interface Wanted {
  inside: string;
  by: string[];
  range: string;
  quantiles: number[];
  isNative: boolean;
}

/** By what they give: `p99`, `rate` per second, `mean`. */
function queriesFor(metric: string, { inside, by, range, quantiles, isNative }: Wanted): Record<string, string> {
  const rate = (ending: string): string => `rate(${metric}${ending}{${inside}}[${range}])`;
  const labels = by.length === 0 ? "" : ` by (${by.join(", ")})`;
  const sum = (ending: string): string => `sum${labels} (${rate(ending)})`;
  const summed = isNative ? sum("") : `sum by (${["le", ...by].join(", ")}) (${rate("_bucket")})`;
  const queries = Object.fromEntries(
    quantiles.map((q) => [`p${Number((q * 100).toPrecision(10))}`, `histogram_quantile(${q}, ${summed})`]),
  );
  const [count, total] = isNative
    ? [`histogram_count(${sum("")})`, `histogram_sum(${sum("")})`]
    : [sum("_count"), sum("_sum")];
  return { ...queries, rate: count, mean: `${total} / ${count}` };
}

/** @throws KmError SVC_006 where there is no such histogram */
async function isNativeHistogram(
  connection: Connection,
  {
    metric,
    inside,
    range,
    at,
    signal,
  }: { metric: string; inside: string; range: string; at: number | undefined; signal: AbortSignal },
): Promise<boolean> {
  const count = async (query: string): Promise<number> => {
    const { data } = await ask(connection, { path: "/api/v1/query", query: { query, time: at }, signal }, RESULT);
    return data.resultType === "vector" ? Number(data.result[0]?.value?.[1] ?? 0) : 0;
  };
  if ((await count(`count(present_over_time(${metric}_bucket{${inside}}[${range}]))`)) > 0) return false;
  const native = `${metric}{${inside}}`;
  const histograms = `count(histogram_count(${native}))`;
  // Before 2.40 Prometheus does not know the function, and no native histograms.
  if ((await count(histograms).catch(asNone)) > 0) return true;
  throw new KmError("SVC_006", `${connection.client.label} has no histogram ${native} with samples within ${range}`, {
    hint: 'Find its name with prometheus_metrics {type: "histogram"}, or allow a longer range.',
  });
}

function asNone(error: unknown): number {
  if (error instanceof KmError && error.code === "SVC_007") return 0;
  throw error;
}
