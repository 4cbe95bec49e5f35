/** `readError`: what Alertmanager says went wrong: a text as JSON, or `{"code": 601, "message": "..."}`. */
import { isMapping } from "../../is-mapping.ts";

export function readError(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "string") return value;
    return isMapping(value) && typeof value["message"] === "string" ? value["message"] : undefined;
  } catch {
    return undefined;
  }
}
