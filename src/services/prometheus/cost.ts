/**
 * `refuseCostly`: what a query would cost, before it is run: how many series it selects, by counting them, and how many samples it
 * reads, by estimate. What is beyond the connection's limits is refused with advice. An expression that cannot be read so is let
 * through: Prometheus itself says what is wrong with it.
 */
import * as v from "valibot";
import { formatDuration } from "../../config/units.ts";
import { KmError } from "../../errors.ts";
import { ask, type Connection } from "./backend.ts";
import { readPromql } from "./promql.ts";
import { RANGE, RESULT } from "./sample.ts";

export interface Evaluation {
  query: string;
  /** Undefined for now. */
  startMs?: number | undefined;
  endMs?: number | undefined;
  stepMs?: number | undefined;
}

/** Between two samples of a series, where nobody knows: what most are configured with is longer. */
const SCRAPE_MS = 15_000;
/** Further ones cost much themselves; an expression has rarely more. */
const MOST_SELECTORS = 10;
const KEPT_MS = 60_000;
const ADVICE =
  "Narrow it by labels, bring series together (sum by (job) (...), topk(10, ...)), or ask for a shorter time or a larger step.";
/** Of a series in an answer: its labels, and each of its values. */
const SERIES_BYTES = 150;
const POINT_BYTES = 28;

/**
 * @param bounds `mostBytes` of the answer that are read
 * @throws KmError SVC_002 for what is beyond the limits; SVC_003 to SVC_008 where nothing can be counted
 */
export async function refuseCostly(
  connection: Connection,
  evaluation: Evaluation,
  bounds: { signal: AbortSignal; mostBytes: number },
): Promise<void> {
  const { startMs, endMs, stepMs } = evaluation;
  const { limits } = connection;
  const points =
    startMs === undefined || endMs === undefined || !stepMs ? 1 : Math.floor((endMs - startMs) / stepMs) + 1;
  const { selectors, aggregates } = readPromql(evaluation.query);
  const distinct = new Set(selectors.map(({ text }) => text));
  const counted = [...distinct].slice(0, MOST_SELECTORS);
  const counts = new Map(
    await Promise.all(
      counted.map(async (text) => [text, await countOf(connection, text, evaluation, bounds.signal)] as const),
    ),
  );
  let samples = 0;
  for (const { text, rangeMs, times } of selectors) {
    samples += (counts.get(text) ?? 0) * points * times * Math.max(1, rangeMs / SCRAPE_MS);
  }
  if (samples > limits.samples) {
    throw refusal(
      `it would read about ${big(samples)} samples, and ${big(limits.samples)} are allowed (limit samples)`,
    );
  }
  if (aggregates) return;
  const series = Math.max(0, ...counts.values());
  if (series > limits.series) {
    throw refusal(`it would give about ${big(series)} series, and ${big(limits.series)} are allowed (limit series)`);
  }
  const longestMs = Math.max(0, ...selectors.map(({ rangeMs }) => rangeMs));
  const pointsEach = stepMs === undefined && isBare(evaluation.query) ? longestMs / SCRAPE_MS : points;
  const bytes = series * (SERIES_BYTES + pointsEach * POINT_BYTES);
  if (bytes > bounds.mostBytes) {
    throw refusal(
      `Prometheus would answer with about ${Math.ceil(bytes / 2 ** 20)} MB, and ${bounds.mostBytes >> 20} are read`,
    );
  }
}

/** @throws KmError SVC_002 for a time that is too long */
export function refuseLong(startMs: number, endMs: number, longestMs: number): void {
  if (endMs - startMs <= longestMs) return;
  throw new KmError(
    "SVC_002",
    `A range of ${formatDuration(endMs - startMs)} is too long: ${formatDuration(longestMs)} are allowed`,
    {
      hint: "Ask for a part of it. Whoever runs this server can allow more: longest.",
    },
  );
}

/** Ends in a range of its own: the samples themselves come out, not values at points. */
function isBare(query: string): boolean {
  return query.trimEnd().endsWith("]");
}

/** The most at its beginning, middle and end. 0 where it cannot be counted. */
async function countOf(
  connection: Connection,
  selector: string,
  { startMs, endMs }: Evaluation,
  signal: AbortSignal,
): Promise<number> {
  const query = `count(${selector})`;
  // Ranges that end now: whole minutes, so that the next calls need not count again.
  const start = startMs === undefined ? undefined : Math.floor(startMs / 60_000) * 60;
  const end = startMs === undefined || endMs === undefined ? endMs && endMs / 1000 : Math.ceil(endMs / 60_000) * 60;
  const isRange = start !== undefined && end !== undefined && end > start;
  const question = isRange
    ? { path: "/api/v1/query_range", query: { query, start, end, step: Math.ceil((end - start) / 2) } }
    : { path: "/api/v1/query", query: { query, time: end } };
  try {
    const { data } = await ask(connection, { ...question, signal, cacheMs: KEPT_MS }, RESULT);
    if (data.resultType === "vector") return Math.max(0, ...data.result.map(({ value }) => Number(value?.[1] ?? 0)));
    if (data.resultType === "matrix") return Math.max(0, ...data.result.flatMap(valuesOf));
    return 0;
  } catch (error) {
    // Not a selector as it was read here, or more than Prometheus itself wants to count.
    if (error instanceof KmError && error.code === "SVC_007") return 0;
    throw error;
  }
}

function valuesOf({ values }: v.InferOutput<typeof RANGE>): number[] {
  return values.map(([, value]) => Number(value));
}

function refusal(state: string): KmError {
  return new KmError("SVC_002", `The query is not run: ${state}`, {
    hint: ADVICE,
  });
}

function big(count: number): string {
  return Math.round(count).toLocaleString("en");
}
