/** `answerStatus`: the HTTP status that belongs to an answer of a server, since 2026-07-28. */
import { outlineOf, spanOf } from "../wire/outline.ts";
import { METHOD_NOT_FOUND, MISSING_CAPABILITY, UNSUPPORTED_VERSION } from "./refusal.ts";

export function answerStatus(answer: string): number {
  const span = outlineOf(answer)?.kind === "error" ? spanOf(answer, ["error", "code"]) : undefined;
  if (span === undefined) return 200;
  const code = Number(answer.slice(span.start, span.end));
  if (code === METHOD_NOT_FOUND) return 404;
  return code === MISSING_CAPABILITY || code === UNSUPPORTED_VERSION ? 400 : 200;
}
