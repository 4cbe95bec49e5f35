/** What becomes of a tool's answer, a preview or an error: masked, bounded, and in the form of MCP. */
import type { CallToolResult } from "@modelcontextprotocol/server";
import { KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import type { Answer, Preview } from "../tool.ts";
import { printable } from "../../terminal.ts";
import { boundedText } from "./bounded-text.ts";
import { isDeeperThan } from "./is-deeper-than.ts";
import { maskedData, type Redact } from "./masked-data.ts";
import { resourceContents } from "./resource-contents.ts";
import { shortened } from "./shortened.ts";

/** Of answers: objects and lists in each other. */
const DEEPEST = 1000;

/**
 * @param mayRead whether the caller may read what is at an address
 * @throws KmError SVC_008 for one that is larger than it may be
 */
export function toolResult(
  answer: Answer<unknown>,
  mostBytes: number,
  redactAll: Redact,
  mayRead: (uri: string) => boolean,
): CallToolResult {
  const redact = sparing(answer.unmasked ?? [], redactAll);
  const { next, note, images = [], sounds = [], resources = [], links = [] } = answer;
  const data = isMapping(answer.data) ? answer.data : { value: answer.data };
  if (isDeeperThan(data, DEEPEST)) {
    throw new KmError("SVC_008", `The answer is nested deeper than ${DEEPEST}`, { hint: "Ask for a part of it." });
  }
  const masked = maskedData(
    { ...data, ...(next !== undefined && { next }), ...(note !== undefined && { note }) },
    (json) => boundedText(json, mostBytes, redact),
  );
  const text =
    answer.text === undefined
      ? JSON.stringify(masked)
      : [
          maskedMember(answer.text, data, masked) ?? redact(answer.text),
          redact([note, next && `continue: ${next}`].filter(Boolean).join("\n")),
        ]
          .filter(Boolean)
          .join("\n");
  return {
    content: [
      { type: "text", text: shortened(text, mostBytes) },
      ...images.map(({ mimeType, base64 }) => ({ type: "image" as const, mimeType, data: base64 })),
      ...sounds.map(({ mimeType, base64 }) => ({ type: "audio" as const, mimeType, data: base64 })),
      ...resources.map(({ uri, ...body }) => ({
        type: "resource" as const,
        resource: resourceContents(uri, body, mostBytes, redact),
      })),
      // What cannot be read is no help.
      ...links.filter(({ uri }) => mayRead(uri)).map((one) => ({ type: "resource_link" as const, ...one })),
    ],
    structuredContent: masked,
  };
}

/** What became of a text that is a member of the data too, such as that of a file: nothing is looked through twice. */
function maskedMember(
  text: string,
  data: Record<string, unknown>,
  masked: Record<string, unknown>,
): string | undefined {
  const name = Object.keys(data).find((one) => data[one] === text);
  const found = name === undefined ? undefined : masked[name];
  return typeof found === "string" ? found : undefined;
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

export function failureResult(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}
