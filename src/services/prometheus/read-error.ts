/** `readError`: what Prometheus says went wrong: `{"status":"error","errorType":"bad_data","error":"..."}`. */
import { isMapping } from "../../is-mapping.ts";

export function readError(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMapping(value) && typeof value["error"] === "string" ? value["error"] : undefined;
  } catch {
    return undefined;
  }
}
