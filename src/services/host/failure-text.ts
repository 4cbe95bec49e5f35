/** `failureText`: what went wrong, for the model that asked: it reads this, and may do better. */
import type { KmError } from "../../errors.ts";
import type { Redact } from "./masked-data.ts";
import { shortened } from "./shortened.ts";

const MOST_BYTES = 8 << 10;

export function failureText(error: KmError, redact: Redact): string {
  const sentence = `${error.message}.`.replace(/([.!?])\.$/, "$1");
  return shortened(redact([sentence, error.hint].filter(Boolean).join(" ")), MOST_BYTES);
}
