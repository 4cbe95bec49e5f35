/**
 * CSV (RFC 4180) of log entries: a header, then a row per entry, without payloads.
 *
 * Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula, and names and messages come from servers
 * one may not trust: such a cell gets a leading apostrophe, unless it is a plain number.
 */
import type { LogEntry } from "./entry.ts";

const columns = [
  "session_id",
  "server",
  "seq",
  "timestamp",
  "kind",
  "direction",
  "method",
  "tool",
  "target",
  "state",
  "error_type",
  "error_message",
  "duration_ms",
  "bytes",
  "rounds",
] as const satisfies (keyof LogEntry)[];

export async function* exportCsv(entries: AsyncIterable<LogEntry>): AsyncGenerator<string> {
  yield `${columns.join(",")}\r\n`;
  for await (const entry of entries) yield `${columns.map((column) => cell(entry[column])).join(",")}\r\n`;
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return "";
  const text = String(value);
  const guarded = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
