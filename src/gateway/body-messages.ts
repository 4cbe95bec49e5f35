/** `bodyMessages`: the messages in a body, each on one line, and exactly as it was written otherwise. */
import { type Message, readLine, topLevelTokens } from "../wire/jsonrpc.ts";

export interface ClientMessage {
  text: string;
  message: Message;
}

export interface BodyMessages {
  messages: ClientMessage[];
  isBatch: boolean;
}

/** @returns undefined for what is not JSON, null for JSON that is no message, or a batch with something that is none */
export function bodyMessages(body: string): BodyMessages | null | undefined {
  // In JSON a line can only end where a blank could stand.
  const text = /[\r\n]/.test(body) ? body.replaceAll(/[\r\n]/g, " ") : body;
  const line = readLine(text);
  switch (line.kind) {
    case "malformed":
      return isJson(body) ? null : undefined;
    case "batch": {
      const messages: ClientMessage[] = [];
      for (const { text: member, message } of line.members) {
        if (message === undefined || !hasUsableId(message)) return null;
        messages.push({ text: member, message });
      }
      return isJson(body) ? { messages, isBatch: true } : undefined;
    }
    default:
      if (!hasUsableId(line)) return null;
      // A line feed within a string is no JSON, and would have become a blank.
      return text === body || isJson(body) ? { messages: [{ text, message: line }], isBatch: false } : undefined;
  }
}

/** An object, an array or a boolean no answer could be known by. */
function hasUsableId(message: Message): boolean {
  return message.kind !== "request" || /^["\d-]/.test(message.id);
}

/** The texts of a batch; undefined for anything else. */
export function memberTexts(text: string): string[] | undefined {
  if (!/^[ \t]*\[/.test(text)) return undefined;
  try {
    return Array.from(topLevelTokens(text), ({ start, end }) => text.slice(start, end));
  } catch {
    return undefined;
  }
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
