/** The results of a replay as rows of a table, with what differs below them. */
import type { Colors } from "picocolors/types";
import { formatDuration } from "../config/units.ts";
import type { Difference } from "../mcp/compare-answers.ts";
import type { ReplayPlan } from "../mcp/replay.ts";
import { OUTCOMES, type ReplayResult } from "../mcp/replay-result.ts";
import { type Column, columnWidths, printable, tableRow } from "../terminal.ts";
import { counted } from "../counted.ts";

const COLUMNS: Column[] = [
  { header: "SEQ", width: 5, align: "right" },
  { header: "METHOD", flexible: true },
  { header: "TARGET", flexible: true },
  { header: "TOOK", width: 7, align: "right" },
  { header: "NOW", width: 7, align: "right" },
  { header: "OUTCOME", width: 12, flexible: true },
];
const DIFFERENCES_SHOWN = 20;
/** Longer values are cut, around the place where they begin to differ. */
const VALUE_CHARACTERS = 60;
const CONTEXT_CHARACTERS = 20;
/** A row for each result, below a header that comes before the first; its differences below it. */
export function replayRows(
  { steps }: ReplayPlan,
  paint: Colors,
  width: number | undefined,
): (result: ReplayResult) => string {
  const rows = steps
    .filter(({ request }) => request?.isWanted)
    .map(({ seq, method, request }) => nameCells({ seq, method, tool: request?.tool, target: request?.target }));
  const widths = columnWidths(COLUMNS, rows, width);
  const line = (cells: string[]): string => tableRow(COLUMNS, widths, cells, width);
  let header = line(COLUMNS.map((column) => paint.bold(column.header)));
  return (result) => {
    const cells = [
      ...nameCells(result),
      result.recorded_ms === undefined ? "" : formatDuration(result.recorded_ms),
      result.replayed_ms === undefined ? "" : formatDuration(result.replayed_ms),
      outcomeCell(result, paint),
    ];
    const text = header + line(cells) + differenceLines(result.differences, paint);
    header = "";
    return text;
  };
}

function nameCells({ seq, method, tool, target }: Pick<ReplayResult, "seq" | "method" | "tool" | "target">): string[] {
  return [String(seq), printable(method), printable(tool ?? target ?? "")];
}

function outcomeCell({ outcome, reason = "", differences }: ReplayResult, paint: Colors): string {
  switch (outcome) {
    case "same":
      return paint.green("same");
    case "different":
      return paint.yellow(counted(differences.length, "difference"));
    case "failed":
      return paint.red(`failed: ${reason}`);
    case "skipped":
      return paint.dim(`skipped: ${reason}`);
  }
}

function differenceLines(differences: Difference[], paint: Colors): string {
  const lines = differences.slice(0, DIFFERENCES_SHOWN).map((difference) => {
    const [recorded, replayed] = [valueText(difference, "recorded"), valueText(difference, "replayed")];
    const from = firstDifference(recorded, replayed) - CONTEXT_CHARACTERS;
    const values = [paint.red(cut(recorded, from)), paint.green(cut(replayed, from))];
    return `       ${printable(difference.path)}: ${values.join(" -> ")}\n`;
  });
  const more = differences.length - lines.length;
  return lines.join("") + (more > 0 ? paint.dim(`       and ${more} more\n`) : "");
}

function valueText(difference: Difference, side: "recorded" | "replayed"): string {
  return side in difference ? JSON.stringify(difference[side]) : "(nothing)";
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

function cut(text: string, from: number): string {
  if (text.length <= VALUE_CHARACTERS) return printable(text);
  const start = Math.max(0, Math.min(from, text.length - VALUE_CHARACTERS));
  const part = printable(text.slice(start, start + VALUE_CHARACTERS));
  return `${start > 0 ? "…" : ""}${part}${start + VALUE_CHARACTERS < text.length ? "…" : ""}`;
}

/** `12 requests: 10 same, 1 different, 1 skipped` */
export function replaySummary(counts: Record<ReplayResult["outcome"], number>): string {
  const total = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  const parts = OUTCOMES.filter((outcome) => counts[outcome] > 0).map((outcome) => `${counts[outcome]} ${outcome}`);
  return `${counted(total, "request")}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}\n`;
}
