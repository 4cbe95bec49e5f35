/** `resourceContents`: what a resource has, as MCP sends it: its text with secrets masked, or its bytes, within bounds. */
import type { BlobResourceContents, TextResourceContents } from "@modelcontextprotocol/server";
import type { ResourceBody } from "../contents.ts";
import { boundedText, tooLarge } from "./bounded-text.ts";
import type { Redact } from "./masked-data.ts";

/** @throws KmError SVC_008 for one that is larger than it may be */
export function resourceContents(
  uri: string,
  body: ResourceBody,
  mostBytes: number,
  redact: Redact,
): TextResourceContents | BlobResourceContents {
  const head = { uri: redact(uri), ...(body.mimeType !== undefined && { mimeType: body.mimeType }) };
  if ("text" in body) return { ...head, text: boundedText(body.text, mostBytes, redact) };
  if (body.base64.length > mostBytes) throw tooLarge(body.base64.length, mostBytes);
  return { ...head, blob: body.base64 };
}
