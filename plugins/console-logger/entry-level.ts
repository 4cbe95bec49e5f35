/** `isShown`: whether an entry matters enough for the configured level. */
import type { LogEntry, LogLevel } from "#plugin-sdk";

const LEVELS: readonly LogLevel[] = ["error", "warn", "info", "debug"];

export function isShown(entry: LogEntry, { level, slow_ms }: { level: LogLevel; slow_ms: number }): boolean {
  return LEVELS.indexOf(levelOf(entry, slow_ms)) <= LEVELS.indexOf(level);
}

function levelOf(entry: LogEntry, slowMs: number): LogLevel {
  switch (entry.kind) {
    case "malformed":
    case "stderr":
      return "warn";
    case "lifecycle":
      return "info";
    case "notification":
      return "debug";
    default:
      break;
  }
  switch (entry.state) {
    case "error":
      return "error";
    case "unanswered":
      return "warn";
    case "pending":
      return "debug";
    default:
      return (entry.duration_ms ?? 0) >= slowMs ? "warn" : "info";
  }
}
