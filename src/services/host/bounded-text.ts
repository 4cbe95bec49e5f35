/** `boundedText`: a text that goes out as a whole, secrets masked, or not at all. */
import { KmError } from "../../errors.ts";
import type { Redact } from "./masked-data.ts";

/** Masks are mostly shorter than what they stand for. */
const MASKED_AT_MOST = 8;

/** @throws KmError SVC_008 for one that is larger than it may be */
export function boundedText(text: string, mostBytes: number, redact: Redact): string {
  // What is far too large in any case is not looked through.
  if (text.length > mostBytes * MASKED_AT_MOST) throw tooLarge(text.length, mostBytes);
  const masked = redact(text);
  const bytes = Buffer.byteLength(masked);
  if (bytes > mostBytes) throw tooLarge(bytes, mostBytes);
  return masked;
}

export function tooLarge(bytes: number, mostBytes: number): KmError {
  const size = `${Math.ceil(bytes / 1024)} KB, and ${Math.max(1, mostBytes >> 10)} KB are allowed`;
  return new KmError("SVC_008", `The answer would have ${size}`, {
    hint: "Ask for less: fewer items or a narrower filter.",
  });
}
