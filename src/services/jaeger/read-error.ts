/** `readError`: what Jaeger says went wrong: `{"errors": [{"msg": ...}]}`, and below v3 `{"error": {"message": ...}}`. */
import { isMapping } from "../../is-mapping.ts";

export function readError(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isMapping(value)) return undefined;
    const first: unknown = Array.isArray(value["errors"]) ? value["errors"][0] : value["error"];
    if (!isMapping(first)) return undefined;
    const said = first["msg"] ?? first["message"];
    return typeof said === "string" ? said : undefined;
  } catch {
    return undefined;
  }
}
