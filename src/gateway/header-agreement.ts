/**
 * `disagreement`: whether the headers of a request of 2026-07-28 say what its body says. Whoever is between client and server
 * may have gone by the headers alone, so what they do not agree on is refused.
 */
import { messageHeaders } from "../http/message-headers.ts";
import type { Outbound } from "../http/outbound.ts";
import type { ToolHeaders } from "../http/tool-headers.ts";
import { isObject, type Message } from "../wire/jsonrpc.ts";
import type { ClientMessage } from "./body-messages.ts";

const ENCODED = /^=\?base64\?(.*)\?=$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const VERSION = "io.modelcontextprotocol/protocolVersion";
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const decoder = new TextDecoder("utf-8", { fatal: true });

/** @returns what does not agree; undefined where all does */
export function disagreement(
  headers: Headers,
  { text, message }: ClientMessage,
  tools: ToolHeaders,
): string | undefined {
  // Of notifications nothing is demanded; what they say must still be so.
  const isDemanded = message.kind === "request";
  const outbound = outboundOf(text, message);
  const version = outbound.version ?? headers.get("mcp-protocol-version") ?? "";
  const wanted = { ...messageHeaders(outbound, version), ...tools.headers(outbound) };
  for (const [name, value] of Object.entries(wanted)) {
    const sent = headers.get(name);
    if (sent === null) {
      if (isDemanded) return `the header ${name} is missing`;
      continue;
    }
    const said = decoded(sent.trim());
    if (said === undefined) return `the header ${name} is not valid Base64`;
    if (!isSame(said, decoded(value))) return `the header ${name} does not say what the body says`;
  }
  return undefined;
}

/** As `readOutbound` has it, of a message that was parsed. */
function outboundOf(line: string, message: Message): Outbound {
  const method = "method" in message ? message.method : "";
  const params = isObject(message.value["params"]) ? message.value["params"] : undefined;
  const meta = params?.["_meta"];
  const version = isObject(meta) ? meta[VERSION] : undefined;
  const kind = message.kind === "request" || message.kind === "notification" ? message.kind : "answer";
  return { line, kind, ids: [], method, params, version: typeof version === "string" ? version : undefined };
}

function isSame(said: string, wanted: string | undefined): boolean {
  // 42 and 42.0 are one number.
  return said === wanted || (wanted !== undefined && DECIMAL.test(said) && withoutZeros(said) === withoutZeros(wanted));
}

function withoutZeros(decimal: string): string {
  return decimal.replace(/\.0+$/, "");
}

function decoded(value: string): string | undefined {
  const [, base64] = ENCODED.exec(value) ?? [];
  if (base64 === undefined) return value;
  if (!BASE64.test(base64)) return undefined;
  try {
    return decoder.decode(Buffer.from(base64, "base64"));
  } catch {
    return undefined;
  }
}
