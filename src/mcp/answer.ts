/** `Answer`: what becomes of a request. */
import type { KmError } from "../errors.ts";
import { isObject, type JsonObject, memberText, type Message } from "../wire/jsonrpc.ts";

/** `text` is that of the result, or of the error. */
export type Answer =
  | { kind: "result"; text: string; value: JsonObject }
  | { kind: "error"; text: string; code: number | undefined; message: string; data: unknown }
  /** None comes. `cause` where the link knows more. */
  | { kind: "none"; reason: string; cause?: KmError };

/** @param line that of the message, for the exact text */
export function answerOf({ value }: Message, line: string): Answer {
  const { result, error } = value;
  if (isObject(result)) return { kind: "result", text: memberText(line, "result") ?? "{}", value: result };
  const text = memberText(line, "error") ?? memberText(line, "result") ?? "null";
  if (!isObject(error)) return { kind: "error", text, code: undefined, message: "its answer is none", data: undefined };
  const { code, message, data } = error;
  return {
    kind: "error",
    text,
    code: typeof code === "number" ? code : undefined,
    message: typeof message === "string" ? message : "it gives no reason",
    data,
  };
}

/** Why there is no result. */
export function failureOf(answer: Exclude<Answer, { kind: "result" }>): string {
  return answer.kind === "error" ? answer.message : answer.reason;
}
