/** The tool `prometheus_exemplars`: examples that metrics keep with their samples, which lead to traces. */
import * as v from "valibot";
import { listed } from "../listed.ts";
import { momentArgument, momentText, rangeOf } from "../moment.ts";
import { tool, type ToolCall } from "../tool.ts";
import { listArguments } from "../list-arguments.ts";
import { promqlArgument } from "./arguments.ts";
import { ask, connectionOf, noteOf, type PrometheusBackend } from "./backend.ts";
import { refuseLong } from "./cost.ts";
import { LABELS, seriesName } from "../labels.ts";

const EXEMPLARS = v.array(
  v.object({
    seriesLabels: LABELS,
    exemplars: v.array(v.object({ labels: LABELS, value: v.string(), timestamp: v.number() })),
  }),
);
const HOUR_MS = 3_600_000;

export const exemplars = tool({
  name: "exemplars",
  title: "Exemplars of metrics",
  description: "Exemplars of an expression's series, newest first: trace ids with values.",
  access: "read",
  toolset: "series",
  input: v.strictObject({
    query: promqlArgument,
    start: momentArgument("Default -1h"),
    end: momentArgument("Default now"),
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), exemplars: v.array(v.unknown()) }),
  async run({ query, start, end, limit, ...input }, { backend, signal, mostBytes }: ToolCall<PrometheusBackend>) {
    const connection = connectionOf(backend, input.connection);
    const { startMs, endMs } = rangeOf({ start, end }, HOUR_MS);
    refuseLong(startMs, endMs, connection.limits.longestMs);
    const { data, warnings } = await ask(
      connection,
      { path: "/api/v1/query_exemplars", query: { query, start: startMs / 1000, end: endMs / 1000 }, signal },
      EXEMPLARS,
    );
    const all = data
      .flatMap(({ seriesLabels, exemplars: some }) =>
        some.map(({ labels, value, timestamp }) => ({ series: seriesLabels, labels, value, at: timestamp })),
      )
      .toSorted((a, b) => b.at - a.at);
    return listed(
      {
        all,
        what: "exemplars",
        limit,
        token: input.continue,
        question: [query, start, end, input.connection],
        mostBytes,
        note: noteOf(
          ...warnings,
          all.length === 0 ? "Prometheus keeps exemplars only with --enable-feature=exemplar-storage." : undefined,
        ),
        line: (one) =>
          `${momentText(one.at * 1000)} ${one.value} ${seriesName(one.labels)} of ${seriesName(one.series)}`,
      },
      (items, total) => ({ total, exemplars: items }),
    );
  },
});
