/** The tool `prometheus_query`: the value of an expression at one time. */
import * as v from "valibot";
import { listed } from "../listed.ts";
import { momentArgument, momentOf, momentText } from "../moment.ts";
import { tool, type ToolCall } from "../tool.ts";
import { detailArgument, listArguments } from "../list-arguments.ts";
import { promqlArgument } from "./arguments.ts";
import { ask, connectionOf, noteOf, type PrometheusBackend } from "./backend.ts";
import { refuseCostly } from "./cost.ts";
import { type Histogram, type HistogramSummary, histogramSummary, histogramText } from "./histogram.ts";
import { type Labels, seriesName, withoutLabels } from "../labels.ts";
import { asNumber, type HistogramPoint, type INSTANT, type Point, type RangeSeries, RESULT } from "./sample.ts";

/** Of Prometheus' answer. A hundred thousand series would be 20 MB. */
const MOST_BYTES = 16 << 20;

export const query = tool({
  name: "query",
  title: "Query",
  description: "The value of PromQL now, or at a time.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    query: promqlArgument,
    time: momentArgument("-1h, RFC 3339 or Unix; default now"),
    detail: detailArgument,
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), samples: v.array(v.unknown()) }),
  async run(
    { query: expression, time, detail, limit, ...input },
    { backend, signal, mostBytes }: ToolCall<PrometheusBackend>,
  ) {
    const connection = connectionOf(backend, input.connection);
    const atMs = time === undefined ? undefined : momentOf(time, Date.now(), 0);
    await refuseCostly(connection, { query: expression, endMs: atMs }, { signal, mostBytes: MOST_BYTES });
    const { data, warnings } = await ask(
      connection,
      {
        path: "/api/v1/query",
        query: { query: expression, time: atMs === undefined ? undefined : atMs / 1000 },
        signal,
        mostBytes: MOST_BYTES,
      },
      RESULT,
    );
    const all = samplesOf(data, detail);
    const at = atMs === undefined ? "" : ` at ${momentText(atMs)}`;
    return listed(
      {
        all,
        what: "series",
        one: "series",
        limit,
        token: input.continue,
        question: [expression, time, detail, input.connection],
        mostBytes,
        head: `${data.resultType}, ${all.length} series${at}`,
        note: noteOf(...warnings),
        labelsOf: ({ metric = {} }) => metric,
        line,
      },
      (samples, total) => ({ type: data.resultType, total, samples }),
    );
  },
});

interface Sample {
  metric?: Record<string, string>;
  value?: string;
  /** Unix seconds. */
  at?: number;
  /** Of a native histogram; with all its buckets where everything is wanted. */
  histogram?: ShownHistogram;
  /** Of a range: all values, or how many there are. */
  values?: Point[];
  points?: number;
}

function samplesOf(data: v.InferOutput<typeof RESULT>, detail: boolean): Sample[] {
  switch (data.resultType) {
    case "vector":
      return data.result.map((one) => instant(one, detail));
    case "matrix":
      return data.result.map((one) => range(one, detail));
    default:
      return [{ at: data.result[0], value: data.result[1] }];
  }
}

function instant({ metric, value, histogram }: v.InferOutput<typeof INSTANT>, detail: boolean): Sample {
  if (histogram !== undefined) return { metric, at: histogram[0], histogram: shown(histogram, detail) };
  return { metric, ...(value !== undefined && { at: value[0], value: value[1] }) };
}

/** Of a bare range: its last value, and how many there are. */
function range({ metric, values, histograms }: RangeSeries, detail: boolean): Sample {
  const [last, lastHistogram] = [values.at(-1), histograms.at(-1)];
  return {
    metric,
    points: values.length + histograms.length,
    ...(last !== undefined && { at: last[0], value: last[1] }),
    ...(lastHistogram !== undefined && { at: lastHistogram[0], histogram: shown(lastHistogram, detail) }),
    ...(detail && { values }),
  };
}

type ShownHistogram = HistogramSummary & { all?: Histogram["buckets"] };

function shown([, histogram]: HistogramPoint, detail: boolean): ShownHistogram {
  return { ...histogramSummary(histogram), ...(detail && { all: histogram.buckets }) };
}

function line({ metric, value, histogram, points, values }: Sample, common: Labels): string {
  const name = metric === undefined ? "" : `${seriesName(withoutLabels(metric, common))}  `;
  const shownValue = histogram === undefined ? (value ?? "") : histogramText(histogram);
  const many = points === undefined ? "" : `  (last of ${points})`;
  const each = values?.map(([at, one]) => `\n  ${momentText(at * 1000)} ${asNumber(one)}`).join("") ?? "";
  return `${name}${shownValue}${many}${each}`;
}
