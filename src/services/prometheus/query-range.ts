/** The tool `prometheus_query_range`: an expression over time, each series in few numbers. */
import * as v from "valibot";
import { formatDuration, parseDuration } from "../../config/units.ts";
import { KmError } from "../../errors.ts";
import { listed } from "../listed.ts";
import { momentArgument, momentText, rangeOf } from "../moment.ts";
import { tool, type ToolCall } from "../tool.ts";
import { listArguments } from "../list-arguments.ts";
import { promqlArgument, stepArgument } from "./arguments.ts";
import { ask, connectionOf, noteOf, type PrometheusBackend } from "./backend.ts";
import { refuseCostly, refuseLong } from "./cost.ts";
import { histogramSummary, histogramText, rounded } from "./histogram.ts";
import { chosenStep, isTooFine, leastStep, rangeSummary, type RangeSummary } from "./range-summary.ts";
import { type Labels, seriesName, withoutLabels } from "../labels.ts";
import { type RangeSeries, RANGE } from "./sample.ts";
import { counted } from "../../counted.ts";

const MATRIX = v.object({ resultType: v.literal("matrix"), result: v.array(RANGE) });
const MOST_BYTES = 32 << 20;
/** Of one point in an answer. */
const POINT_BYTES = 30;
const HOUR_MS = 3_600_000;

export const queryRange = tool({
  name: "query_range",
  title: "Query over time",
  description: "PromQL over time: min, avg, max and last of each series, or its points.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    query: promqlArgument,
    start: momentArgument("Default -1h"),
    end: momentArgument("Default now"),
    step: stepArgument,
    points: v.optional(v.pipe(v.boolean("true or false"), v.description("All points")), false),
    ...listArguments(20),
  }),
  output: v.object({ total: v.number(), series: v.array(v.unknown()) }),
  async run(input, { backend, signal, mostBytes }: ToolCall<PrometheusBackend>) {
    const connection = connectionOf(backend, input.connection);
    const { startMs, endMs, stepMs } = evaluated(input, connection.limits.longestMs);
    const { query: expression, points: wantsPoints } = input;
    const evaluation = { query: expression, startMs, endMs, stepMs };
    await refuseCostly(connection, evaluation, { signal, mostBytes: MOST_BYTES });
    const { data, warnings } = await ask(
      connection,
      {
        path: "/api/v1/query_range",
        query: { query: expression, start: startMs / 1000, end: endMs / 1000, step: stepMs / 1000 },
        signal,
        mostBytes: MOST_BYTES,
      },
      MATRIX,
    );
    const room = mostBytes - 2048;
    if (wantsPoints) refuseManyPoints(data.result, endMs - startMs, room);
    const [start, end, step] = [momentText(startMs), momentText(endMs), formatDuration(stepMs)];
    return listed<RangeSummary | WithPoints, RangeAnswer>(
      {
        all: data.result.map((one) => (wantsPoints ? withPoints(one) : rangeSummary(one))),
        what: "series",
        one: "series",
        limit: input.limit,
        token: input.continue,
        question: [expression, input.start, input.end, input.step, wantsPoints, input.connection],
        mostBytes,
        head: `${data.result.length} series, ${start} to ${end}, step ${step}`,
        note: noteOf(...warnings),
        labelsOf: ({ metric }) => metric,
        line,
      },
      (series, total) => ({ start, end, step, total, series }),
    );
  },
});

interface RangeAnswer {
  start: string;
  end: string;
  step: string;
  total: number;
  series: (RangeSummary | WithPoints)[];
}

interface Range {
  start?: string | undefined;
  end?: string | undefined;
  step?: string | undefined;
}

/** @throws KmError SVC_001 and SVC_002 for a range that cannot be asked for */
function evaluated({ step, ...range }: Range, longestMs: number): { startMs: number; endMs: number; stepMs: number } {
  const { startMs, endMs } = rangeOf(range, HOUR_MS);
  refuseLong(startMs, endMs, longestMs);
  const rangeMs = endMs - startMs;
  const stepMs = parseDuration(step ?? "auto") ?? chosenStep(rangeMs);
  if (isTooFine(rangeMs, stepMs)) {
    throw new KmError(
      "SVC_002",
      `A step of ${formatDuration(stepMs)} gives more than 11,000 points in ${formatDuration(rangeMs)}`,
      {
        hint: `Ask for a step of ${formatDuration(leastStep(rangeMs))} or more, or leave it out.`,
      },
    );
  }
  return { startMs, endMs, stepMs };
}

/** One series at least must fit. */
function refuseManyPoints(series: readonly RangeSeries[], rangeMs: number, room: number): void {
  const most = Math.max(0, ...series.map(({ values, histograms }) => values.length + histograms.length));
  const fitting = Math.floor(room / POINT_BYTES);
  if (most <= fitting) return;
  const step = formatDuration(Math.ceil(rangeMs / fitting / 1000) * 1000);
  throw new KmError("SVC_002", `A series has ${most} points, and about ${fitting} fit into an answer`, {
    hint: `Ask for a step of ${step} or more, a shorter time, or no points.`,
  });
}

interface WithPoints {
  metric: Record<string, string>;
  values: RangeSeries["values"];
  histograms?: [number, ReturnType<typeof histogramSummary>][];
}

function withPoints({ metric, values, histograms }: RangeSeries): WithPoints {
  if (histograms.length === 0) return { metric, values };
  return { metric, values, histograms: histograms.map(([at, one]) => [at, histogramSummary(one)]) };
}

function line(series: RangeSummary | WithPoints, common: Labels): string {
  const name = seriesName(withoutLabels(series.metric, common));
  if ("values" in series) {
    const rows = series.values.map(([at, value]) => `  ${momentText(at * 1000)} ${value}`);
    const histograms = (series.histograms ?? []).map(([at, one]) => `  ${momentText(at * 1000)} ${histogramText(one)}`);
    return [name, ...rows, ...histograms].join("\n");
  }
  const { points, min, avg, max, last, histogram } = series;
  const numbers = min === undefined ? "" : `  min ${short(min)} avg ${short(avg)} max ${short(max)}`;
  const ending = last === undefined ? "" : `  last ${short(last)}`;
  const distribution = histogram === undefined ? "" : `  last: ${histogramText(histogram)}`;
  return `${name}${numbers}${ending}${distribution} (${counted(points, "point")})`;
}

/** The data has all its digits. */
function short(value: number | string | undefined): string {
  return String(typeof value === "number" ? rounded(value) : (value ?? ""));
}
