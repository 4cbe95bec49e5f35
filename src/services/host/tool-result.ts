/** What becomes of a tool's answer, a preview or an error: masked, bounded, and in the form of MCP. */
import type { CallToolResult } from "@modelcontextprotocol/server";
import { type ErrorCode, KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import type { Answer, Preview } from "../tool.ts";
import { printable } from "../../terminal.ts";
import { isDeeperThan } from "./is-deeper-than.ts";
import { maskedData, type Redact } from "./masked-data.ts";

/** Of answers: objects and lists in each other. */
const DEEPEST = 1000;
/** Masks are mostly shorter than what they stand for. */
const MASKED_AT_MOST = 8;
const MOST_FAILURE_BYTES = 8 << 10;

/** @throws KmError SVC_008 for one that is larger than it may be */
export function toolResult(answer: Answer<unknown>, mostBytes: number, redactAll: Redact): CallToolResult {
  const redact = sparing(answer.unmasked ?? [], redactAll);
  const { next, note, images = [] } = answer;
  const data = isMapping(answer.data) ? answer.data : { value: answer.data };
  if (isDeeperThan(data, DEEPEST)) {
    throw new KmError("SVC_008", `The answer is nested deeper than ${DEEPEST}`, { hint: "Ask for a part of it." });
  }
  const masked = maskedData(
    { ...data, ...(next !== undefined && { next }), ...(note !== undefined && { note }) },
    (json) => {
      // What is far too large in any case is not looked through.
      if (json.length > mostBytes * MASKED_AT_MOST) throw tooLarge(json.length, mostBytes);
      return redact(json);
    },
  );
  const json = JSON.stringify(masked);
  const bytes = Buffer.byteLength(json);
  if (bytes > mostBytes) throw tooLarge(bytes, mostBytes);
  const text =
    answer.text === undefined
      ? json
      : redact([answer.text, note, next && `continue: ${next}`].filter(Boolean).join("\n"));
  return {
    content: [
      { type: "text", text: shortened(text, mostBytes) },
      ...images.map(({ mimeType, base64 }) => ({ type: "image" as const, mimeType, data: base64 })),
    ],
    structuredContent: masked,
  };
}

/** Masks all but these texts, which stand as they are in JSON too. */
function sparing(unmasked: readonly string[], redact: Redact): Redact {
  if (unmasked.length === 0) return redact;
  const marks = unmasked.map(() => crypto.randomUUID());
  const swapped = (text: string, from: readonly string[], to: readonly string[]): string =>
    from.reduce((result, one, at) => result.replaceAll(one, () => to[at] ?? ""), text);
  return (text) => swapped(redact(swapped(text, unmasked, marks)), marks, unmasked);
}

export function previewResult(preview: Preview, mostBytes: number, redact: Redact): CallToolResult {
  return {
    content: [{ type: "text", text: previewText(preview, mostBytes, redact) }],
    structuredContent: { dry_run: true, summary: shortened(redact(preview.summary), mostBytes) },
  };
}

/**
 * The same for who asks with `dry_run` and for the person who is to agree. A name of a thing must not look like another one, nor
 * like a sentence of km's own.
 */
export function previewText({ summary, detail }: Preview, mostBytes: number, redact: Redact): string {
  const text = redact([summary, detail].filter(Boolean).join("\n\n"));
  return shortened(
    text
      .split(/(?<=[\n\t])|(?=[\n\t])/)
      .map(shown)
      .join(""),
    mostBytes,
  );
}

function shown(part: string): string {
  return part === "\n" || part === "\t" ? part : printable(part);
}

/** For what is wrong with a call, or went wrong with it: the model reads it, and may do better. */
export function failure(error: KmError, redact: Redact): { code: ErrorCode; result: CallToolResult } {
  const sentence = `${error.message}.`.replace(/([.!?])\.$/, "$1");
  const text = redact([sentence, error.hint].filter(Boolean).join(" "));
  return { code: error.code, result: failureResult(shortened(text, MOST_FAILURE_BYTES)) };
}

export function failureResult(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}

function tooLarge(bytes: number, mostBytes: number): KmError {
  const size = `${Math.ceil(bytes / 1024)} KB, and ${Math.max(1, mostBytes >> 10)} KB are allowed`;
  return new KmError("SVC_008", `The answer would have ${size}`, {
    hint: "Ask for less: fewer items or a narrower filter.",
  });
}

function shortened(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return text;
  const kept = new TextDecoder().decode(bytes.subarray(0, mostBytes)).replace(/\ufffd+$/, "");
  return `${kept}\n[cut: ${bytes.length - mostBytes} of ${bytes.length} bytes are not shown]`;
}
