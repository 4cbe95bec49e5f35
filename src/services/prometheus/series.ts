/** The tool `prometheus_series`: which series selectors find. */
import * as v from "valibot";
import { listed } from "../listed.ts";
import { momentArgument, rangeOf } from "../moment.ts";
import { tool, type ToolCall } from "../tool.ts";
import { listArguments } from "../list-arguments.ts";
import { selectorsArgument } from "./arguments.ts";
import { ask, connectionOf, noteOf, type PrometheusBackend } from "./backend.ts";
import { refuseCostly, refuseLong } from "./cost.ts";
import { LABELS, seriesName } from "../labels.ts";

const MOST_BYTES = 16 << 20;
const HOUR_MS = 3_600_000;

export const series = tool({
  name: "series",
  title: "Find series",
  description: "The series that selectors find, and how many values each of their labels has.",
  access: "read",
  toolset: "series",
  input: v.strictObject({
    match: selectorsArgument,
    start: momentArgument("Default -1h"),
    end: momentArgument("Default now"),
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), labels: v.unknown(), series: v.array(v.unknown()) }),
  async run({ match, start, end, limit, ...input }, { backend, signal, mostBytes }: ToolCall<PrometheusBackend>) {
    const connection = connectionOf(backend, input.connection);
    const { startMs, endMs } = rangeOf({ start, end }, HOUR_MS);
    refuseLong(startMs, endMs, connection.limits.longestMs);
    const bounds = { signal, mostBytes: MOST_BYTES };
    for (const query of match)
      await refuseCostly(connection, { query, startMs, endMs, stepMs: endMs - startMs }, bounds);
    const { data, warnings } = await ask(
      connection,
      { path: "/api/v1/series", query: { "match[]": match, start: startMs / 1000, end: endMs / 1000 }, ...bounds },
      v.array(LABELS),
    );
    const labels = valuesByLabel(data);
    const counts = Object.entries(labels).map(([name, count]) => `${name}: ${count}`);
    return listed(
      {
        all: data,
        what: "series",
        one: "series",
        limit,
        token: input.continue,
        question: [match, start, end, input.connection],
        mostBytes,
        head: `${data.length} series; values of labels: ${counts.join(", ")}`,
        note: noteOf(...warnings),
        line: seriesName,
      },
      (items, total) => ({ total, labels, series: items }),
    );
  },
});

/** How many values each label has, most first: the first ones make the number of series large. */
function valuesByLabel(all: readonly Record<string, string>[]): Record<string, number> {
  const values = new Map<string, Set<string>>();
  for (const one of all) {
    for (const [name, value] of Object.entries(one)) {
      const seen = values.get(name) ?? new Set();
      values.set(name, seen.add(value));
    }
  }
  const counts = Array.from(values, ([name, seen]) => [name, seen.size] as const);
  return Object.fromEntries(counts.toSorted(([, a], [, b]) => b - a).slice(0, 30));
}
