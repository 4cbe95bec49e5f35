/** `junitReport`: results of a replay as the XML that CI systems read. */
import type { Difference } from "../mcp/compare-answers.ts";
import type { ReplayResult } from "../mcp/replay-result.ts";
import { counted } from "../counted.ts";

/** @param name of the server */
export function junitReport(name: string, results: readonly ReplayResult[]): string {
  const count = (outcome: ReplayResult["outcome"]): number => results.filter((one) => one.outcome === outcome).length;
  const counts = {
    tests: results.length,
    failures: count("different"),
    errors: count("failed"),
    skipped: count("skipped"),
    time: seconds(results.reduce((sum, { replayed_ms: ms = 0 }) => sum + ms, 0)),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites>`,
    `  <testsuite${attributes({ name, ...counts })}>`,
    ...results.map((result) => testCase(name, result)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase(server: string, result: ReplayResult): string {
  const { seq, method, tool, target, replayed_ms: ms = 0 } = result;
  const name = `${seq} ${[method, tool ?? target].filter(Boolean).join(" ")}`;
  const about = attributes({ classname: server, name, time: seconds(ms) });
  const outcome = outcomeOf(result);
  return outcome === "" ? `    <testcase${about}/>` : `    <testcase${about}>${outcome}</testcase>`;
}

function outcomeOf({ outcome, reason = "", differences }: ReplayResult): string {
  switch (outcome) {
    case "same":
      return "";
    case "different": {
      const message = counted(differences.length, "difference");
      return `<failure${attributes({ message })}>${escaped(differences.map(lineOf).join("\n"))}</failure>`;
    }
    case "failed":
      return `<error${attributes({ message: reason })}/>`;
    case "skipped":
      return `<skipped${attributes({ message: reason })}/>`;
  }
}

function lineOf(difference: Difference): string {
  const side = (name: "recorded" | "replayed"): string =>
    name in difference ? JSON.stringify(difference[name]) : "(nothing)";
  return `${difference.path}: ${side("recorded")} -> ${side("replayed")}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join("");
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  // XML 1.0 has no way to write these at all.
  const writable = text.toWellFormed().replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, "\ufffd");
  return writable.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char).replace(/\r/g, "&#13;");
}
