/** `km stats`: counts, errors and latency of calls, by method and by tool. */
import type { Colors } from "picocolors/types";
import { defineCommand } from "../command.ts";
import { formatBytes, formatDuration } from "../config/units.ts";
import { paths } from "../context.ts";
import type { ReadCounts } from "../journal/decode.ts";
import { NOTHING_YET } from "../journal/nothing-yet.ts";
import { queryFlags, unknownSessionNote } from "../log/query.ts";
import { lossesOf, recordedEntries, recordedQueries } from "../log/recorded.ts";
import { arrow } from "../log/rows.ts";
import { stdout } from "../output.ts";
import { type CallStatistics, Statistics, type StatisticsReport, type StatisticsRow } from "../stream/statistics.ts";
import { type Column, colours, printable, table } from "../terminal.ts";
import { counted } from "../counted.ts";

type Grouping = "method" | "tool" | undefined;

const COLUMNS: Column[] = [
  { header: "" },
  { header: "METHOD" },
  { header: "TOOL", flexible: true },
  { header: "CALLS", align: "right" },
  { header: "ERRORS", align: "right" },
  { header: "RATE", align: "right" },
  { header: "P50", align: "right" },
  { header: "P95", align: "right" },
  { header: "P99", align: "right" },
  { header: "MAX", align: "right" },
  { header: "BYTES", align: "right" },
];

export default defineCommand({
  meta: { name: "stats", description: "Show counts, errors and latency by method and tool" },
  args: {
    ...queryFlags,
    since: { type: "string", valueHint: "duration", description: "Only what began within this time, such as 24h" },
    all: { type: "boolean", description: "Every recorded session together" },
    by: { type: "enum", options: ["method", "tool"], description: "Only the rows of methods, or of tools" },
    json: { type: "boolean", description: "All figures as one JSON object" },
  },
  examples: [
    "km stats                                  the latest session",
    "km stats --all --since 24h --by tool      every tool, the last day",
    "km stats filesystem 'dur:>1s'             slow calls of a server's latest session",
    "km stats --json | jq .total.duration_ms   latency for other programs",
  ],
  async run(args) {
    const note = (text: string) => process.stderr.write(`km: ${text}\n`);
    const queries = await recordedQueries(paths().data, args, Date.now(), (problem) => note(problem.message));
    const counts: ReadCounts = { events: 0, torn: 0, vanished: 0 };
    const statistics = new Statistics();
    for await (const entry of recordedEntries(queries, false, counts)) statistics.add(entry);
    const report = statistics.report();
    const output = stdout();
    if (args.json) {
      const sessions = queries.map(({ session }) => session.info.session_id);
      await output.write(`${JSON.stringify({ sessions, ...report })}\n`);
    } else if (report.total.calls > 0) {
      await output.write(
        statisticsTable(
          report,
          args.by === "method" || args.by === "tool" ? args.by : undefined,
          await colours(process.stdout),
        ),
      );
    } else {
      note(queries.length === 0 ? NOTHING_YET : "No call matches");
      const [query] = queries;
      const unknown = query && unknownSessionNote(query);
      if (unknown !== undefined) note(unknown);
    }
    await output.close();
    if (!args.json) malformedNote(report).forEach(note);
    lossesOf(counts).forEach(note);
    return 0;
  },
});

function statisticsTable(report: StatisticsReport, by: Grouping, paint: Colors): string {
  const total = ["", "total", "", ...figures(report.total, paint)].map(paint.bold);
  const columns = COLUMNS.map((column) => ({ ...column, header: paint.bold(column.header) }));
  return table(columns, [...rowsBy(report, by).map((row) => cells(row, by, paint)), total]);
}

/** Unless only methods or only tools are wanted, the tools stand below their method. */
function rowsBy({ methods, targets }: StatisticsReport, by: Grouping): StatisticsRow[] {
  if (by === "method") return methods;
  if (by === "tool") return targets;
  return methods.flatMap((row) => [
    row,
    ...targets.filter(({ direction, method }) => direction === row.direction && method === row.method),
  ]);
}

function cells(row: StatisticsRow, by: Grouping, paint: Colors): string[] {
  const below = by === undefined && row.target !== undefined;
  const method = below ? ["", ""] : [arrow(row.direction), printable(row.method)];
  return [...method, printable(row.target ?? ""), ...figures(row, paint)];
}

function figures(row: CallStatistics, paint: Colors): string[] {
  const { duration_ms: ms } = row;
  const failed = (text: string): string => (row.errors > 0 ? paint.red(text) : text);
  return [
    String(row.calls),
    failed(String(row.errors)),
    failed(row.calls === 0 ? "" : `${((100 * row.errors) / row.calls).toFixed(1)}%`),
    ...(ms === null ? ["", "", "", ""] : [ms.p50, ms.p95, ms.p99, ms.max].map(shortDuration)),
    formatBytes(row.bytes_request + row.bytes_response),
  ];
}

/** Three digits are more than percentiles are good for. */
function shortDuration(ms: number): string {
  return formatDuration(ms < 10_000 ? Number(ms.toPrecision(3)) : Math.round(ms / 1000) * 1000);
}

/** Malformed lines are trouble that no row of the table shows. */
function malformedNote({ others: { malformed = 0 } }: StatisticsReport): string[] {
  if (malformed === 0) return [];
  return [counted(malformed, "malformed line is not in the table", "malformed lines are not in the table")];
}
