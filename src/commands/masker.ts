/** `maskerFor`: masks what is compared with a recorded session as that was masked when it was written. */
import { config } from "../context.ts";
import { createRedactor } from "../guard/redaction/redact.ts";
import type { Session } from "../journal/sessions.ts";

/** @returns what is given, where the session was recorded as it was */
export async function maskerFor({ info }: Session): Promise<(text: string) => string> {
  if (info.payloads === "full") return (text) => text;
  const { values } = await config();
  const { keys, ignore_keys: ignoreKeys, patterns, allow } = values.redact;
  const redactor = createRedactor({ keys, ignoreKeys, patterns, allow });
  return (text) => redactor.redact(text).text;
}
