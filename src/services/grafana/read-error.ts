/** `readError`: what Grafana says went wrong: `{"message": ...}`, and of queries what their data sources say. */
import { isMapping } from "../../is-mapping.ts";

export function readError(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isMapping(value)) return undefined;
  const { message, error, results } = value;
  const ofQueries = isMapping(results)
    ? Object.entries(results).flatMap(([refId, one]) =>
        isMapping(one) && typeof one["error"] === "string" ? [`${refId}: ${one["error"]}`] : [],
      )
    : [];
  if (ofQueries.length > 0) return ofQueries.join("; ");
  const said = [message, error].filter((one) => typeof one === "string" && one !== "");
  return said.length === 0 ? undefined : [...new Set(said)].join(": ");
}
