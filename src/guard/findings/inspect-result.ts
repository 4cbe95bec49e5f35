/** `inspectResult`: what a result has that the model should not act on, or that should not be in it. */
import { collectTexts } from "./collect-texts.ts";
import type { Finding } from "./finding.ts";
import { withoutEchoes } from "./without-echoes.ts";
import type { Step, TextRole } from "./inspected-text.ts";
import { runRules } from "./run-rules.ts";

export interface AskedResult {
  tool: string;
  /** Of `tools/call`, `resources/read` or `prompts/get`, as it was answered. */
  result: unknown;
  /** How much text is usual; 400,000 bytes unless given. */
  limitBytes?: number;
  /** Texts of the arguments, where they are known: what the caller has said itself is not said by the result. */
  asked?: readonly string[] | undefined;
}

export function inspectResult({ tool, result, limitBytes, asked = [] }: AskedResult): Finding[] {
  const texts = collectTexts(result, { roleOf, ...(asked.length > 0 && { readAs: withoutEchoes(asked) }) });
  return runRules({ kind: "result", tool, value: result, texts, limitBytes });
}

/** Images and sounds are no text, and their data would look like secrets and codes. */
function roleOf(name: string | number, parent: Step | undefined): TextRole | undefined {
  if (name === "blob" || name === "mimeType") return undefined;
  return name === "data" && parent !== undefined && isContent(parent) ? undefined : "value";
}

function isContent({ parent }: Step): boolean {
  return parent?.name === "content" || parent?.name === "messages";
}
