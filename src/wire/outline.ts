/**
 * `outlineOf`: what a message is and where its id stands, from its beginning or its end where that suffices: a long answer is
 * not read. And exact places in its text, so that one value can be another while nothing else changes.
 */
import { exactText, topLevelTokens } from "./jsonrpc.ts";

/** Of characters, `end` not included. */
export interface Span {
  start: number;
  end: number;
}

export type Outline =
  | { kind: "request"; id: Span; method: string }
  | { kind: "notification"; method: string }
  | { kind: "response" | "error"; id: Span };

const ID = String.raw`(-?\d+|"[^"\\]*")`;
/** As nearly all servers write their answers: what it is and its id stand at the beginning, or its id at the end. */
const HEAD = new RegExp(String.raw`^\{"jsonrpc":"2\.0","id":${ID},"(result|error)":`);
const START = /^\{(?:"jsonrpc":"2\.0",)?"(result|error)":/;
const TAIL = new RegExp(String.raw`,"id":${ID}(?:,"jsonrpc":"2\.0")?\}$`);
const LONGEST_ID = 200;

/** Undefined for what is no message, as far as that was seen. */
export function outlineOf(text: string): Outline | undefined {
  const head = HEAD.exec(text.slice(0, LONGEST_ID));
  if (head !== null) return answer(head[2], head[1] ?? "", HEAD_START);
  const start = START.exec(text.slice(0, LONGEST_ID));
  if (start !== null) {
    const rest = Math.max(0, text.length - LONGEST_ID);
    const tail = TAIL.exec(text.slice(rest));
    if (tail !== null) return answer(start[1], tail[1] ?? "", rest + tail.index + ',"id":'.length);
  }
  return scanned(text);
}

const HEAD_START = '{"jsonrpc":"2.0","id":'.length;

function answer(member: string | undefined, id: string, start: number): Outline {
  return { kind: member === "error" ? "error" : "response", id: { start, end: start + id.length } };
}

function scanned(text: string): Outline | undefined {
  const members = membersOf(text);
  const id = members?.get("id");
  const method = members?.get("method");
  if (members === undefined) return undefined;
  if (method !== undefined) {
    const name = stringAt(text, method);
    if (name === undefined) return undefined;
    const isRequest = id !== undefined && text.slice(id.start, id.end) !== "null";
    return isRequest ? { kind: "request", id, method: name } : { kind: "notification", method: name };
  }
  if (id === undefined) return undefined;
  const error = members.get("error");
  if (error !== undefined && text[error.start] === "{") return { kind: "error", id }; // some servers add null to a result
  return members.has("result") ? { kind: "response", id } : undefined;
}

/** The text by which an id is known, however it is written. */
export function idAt(text: string, span: Span): string {
  const written = text.slice(span.start, span.end);
  if (/^(?:\d{1,15}|"[^"\\]*")$/.test(written)) return written;
  try {
    return exactText(JSON.parse(written), () => written);
  } catch {
    return written;
  }
}

/** Where the value stands to which these names lead, from the object that `text` holds; of a name that stands twice the last. */
export function spanOf(text: string, path: readonly string[]): Span | undefined {
  let span: Span = { start: 0, end: text.length };
  for (const name of path) {
    const found = membersOf(text.slice(span.start, span.end))?.get(name);
    if (found === undefined) return undefined;
    span = { start: span.start + found.start, end: span.start + found.end };
  }
  return span;
}

export function stringAt(text: string, span: Span | undefined): string | undefined {
  if (span === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(span.start, span.end));
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param places none within another */
export function replaced(text: string, places: { span: Span; by: string }[]): string {
  let end = "";
  let rest = text.length;
  for (const { span, by } of places.toSorted((a, b) => b.span.start - a.span.start)) {
    end = by + text.slice(span.end, rest) + end;
    rest = span.start;
  }
  return text.slice(0, rest) + end;
}

/** Undefined where the text is no object. */
function membersOf(text: string): Map<string, Span> | undefined {
  if (!/^[ \t\r\n]*\{/.test(text)) return undefined;
  const members = new Map<string, Span>();
  let name: string | undefined;
  try {
    for (const { start, end, isKey } of topLevelTokens(text)) {
      if (isKey) name = stringAt(text, { start, end });
      else if (name !== undefined) members.set(name, { start, end });
    }
  } catch {
    return undefined;
  }
  return members;
}
