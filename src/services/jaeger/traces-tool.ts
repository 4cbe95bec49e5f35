/** The tool `jaeger_traces`: traces of a service by operation, tags, duration and errors, each in few words. */
import * as v from "valibot";
import { described, record, text, word } from "../../guard/policy/schema-parts.ts";
import { parseDuration } from "../../config/units.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { momentArgument, momentText, rangeOf } from "../moment.ts";
import { tool, type ToolCall } from "../tool.ts";
import { type JaegerBackend, readerOf } from "./backend.ts";
import { MOST_FOUND } from "./trace-reader.ts";
import { summaryOf, type TraceSummary } from "./trace.ts";
import { counted } from "../../counted.ts";

const HOUR_MS = 3_600_000;
const DURATION = "a duration such as 250ms or 100us";

export const traces = tool({
  name: "traces",
  title: "Traces",
  description: "Traces of a service: root, duration, spans, errors.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    service: text("the name of a service"),
    operation: v.optional(text("the name of an operation")),
    tags: v.optional(record(v.pipe(v.string("texts"), v.maxLength(1000, "texts")), "a mapping of names to texts")),
    only_errors: v.optional(v.boolean("true or false"), false),
    min_duration: described("Such as 250ms", v.pipe(v.string(DURATION), v.check(isDuration, DURATION))),
    max_duration: v.optional(v.pipe(v.string(DURATION), v.check(isDuration, DURATION))),
    start: momentArgument("Default -1h"),
    end: momentArgument("Default now"),
    sort: v.optional(word("newest", "slowest", "errors"), "newest"),
    ...listArguments(20),
  }),
  output: v.object({ traces: v.array(v.unknown()) }),
  async run(input, { backend, signal, mostBytes }: ToolCall<JaegerBackend>) {
    const { service, operation, only_errors: errors, sort } = input;
    const { startMs, endMs } = rangeOf(input, HOUR_MS);
    const reader = await readerOf(backend, input.connection, signal);
    // Further pages, and what is slowest, are found among what one search gives.
    const depth = sort === "newest" && input.continue === undefined ? input.limit + 1 : MOST_FOUND;
    const found = await reader.search(
      {
        service,
        operation,
        tags: { ...input.tags, ...(errors && { error: "true" }) },
        startMs,
        endMs,
        minUs: microseconds(input.min_duration),
        maxUs: microseconds(input.max_duration),
        limit: depth,
      },
      signal,
    );
    const all = found.map(summaryOf).toSorted(ORDERS[sort]);
    const stats = statsOf(all);
    return listed(
      {
        all,
        what: "traces",
        limit: input.limit,
        token: input.continue,
        question: [
          service,
          operation,
          input.tags,
          errors,
          input.min_duration,
          input.max_duration,
          input.start,
          input.end,
          sort,
          input.connection,
        ],
        mostBytes,
        head: `${all.length >= depth ? "At least " : ""}${counted(all.length, "trace")} of ${service}, ${momentText(startMs)} to ${momentText(endMs)}${statsText(stats)}`,
        line: summaryLine,
      },
      (items, total) => ({ total, ...(stats !== undefined && { stats }), traces: items }),
    );
  },
});

export function summaryLine({
  id,
  service,
  operation,
  start,
  durationMs,
  spans,
  errors,
  services,
}: TraceSummary): string {
  const failed = errors === 0 ? "" : `  ${counted(errors, "error")}`;
  return `${id}  ${start}  ${durationMs} ms  ${service}: ${operation}  ${counted(spans, "span")} of ${counted(Object.keys(services).length, "service")}${failed}`;
}

interface Stats {
  failed: number;
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
}

/** Of those that were found, whatever page of them is shown. */
function statsOf(all: readonly TraceSummary[]): Stats | undefined {
  const durations = all.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
  const at = (part: number): number => durations[Math.ceil(durations.length * part) - 1] ?? 0;
  if (all.length === 0) return undefined;
  return { failed: all.filter(({ errors }) => errors > 0).length, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}

function statsText(stats: Stats | undefined): string {
  return stats === undefined
    ? ""
    : `; ${stats.failed} with errors; p50 ${stats.p50Ms} ms, p95 ${stats.p95Ms} ms, max ${stats.maxMs} ms`;
}

const ORDERS = {
  newest: (a: TraceSummary, b: TraceSummary) => (a.start < b.start ? 1 : -1),
  slowest: (a: TraceSummary, b: TraceSummary) => b.durationMs - a.durationMs,
  errors: (a: TraceSummary, b: TraceSummary) => b.errors - a.errors,
};

function isDuration(text: string): boolean {
  return microseconds(text) !== undefined;
}

function microseconds(text: string | undefined): number | undefined {
  const [, us] = /^(\d{1,15})(?:us|µs)$/.exec(text ?? "") ?? [];
  if (us !== undefined) return Number(us);
  const ms = parseDuration(text ?? "");
  return ms === undefined ? undefined : ms * 1000;
}
