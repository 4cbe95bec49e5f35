/** A configuration value as it is shown, and as `km config set` and a file take it. */
import { type Key, KEYS } from "./keys.ts";
import { formatBytes, formatDuration, parseSize } from "./units.ts";

export function formatValue(key: Key, value: unknown): string {
  const kind = KEYS.get(key)?.kind;
  if (kind === "duration") return formatDuration(Number(value));
  if (kind === "size") {
    const text = formatBytes(Number(value));
    return parseSize(text) === value ? text : String(value);
  }
  // A text is only a part of such a value: one that was asked for by its place inside a mapping.
  if (kind === "list" || kind === "map") return typeof value === "string" ? value : JSON.stringify(value);
  return String(value);
}
