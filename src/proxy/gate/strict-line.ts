/**
 * Lines in the eyes of a strict gate: what not all readers take for the same message, or the same batch of messages, is
 * refused, since what a lenient one makes of it cannot be known. No I/O.
 */
import { folded } from "../../guard/policy/name-matcher.ts";
import { isUtf8 } from "../../wire/is-utf8.ts";
import { isObject, type JsonObject, type Message, readMessage, topLevelTokens } from "../../wire/jsonrpc.ts";
import {
  endingOf,
  type GatedLine,
  heldMessage,
  lengthWithoutEnding,
  type Member,
  memberOf,
  type Watch,
} from "./gated-line.ts";
import { NAMES, repeatsName } from "./repeated-names.ts";

/** A line of which nothing goes on. */
export interface Refused {
  /** The line without its ending. */
  refused: string;
  reason: string;
}

const AMBIGUOUS = "not one message that all readers read alike";
const TOO_MANY = "a batch of more than 1000 messages";
const UNASKED = "it answers no request";
/** A member of a larger batch would cost more than its share of the thread that forwards. */
const MOST_MEMBERS = 1000;
const KNOWN = new Set<string>(NAMES);
const BLANK = /^[ \t\r]*$/;
/** In no line that a server writes to its output as if it were a log: sloppy ones do. */
const SIGN_OF_A_MESSAGE = /[{}]|"(?:method|result)"/i;

/**
 * Notes which requests are answered.
 *
 * @param line with its ending
 * @returns undefined when the line may pass, and nobody needs to know more
 */
export function strictLine(line: Buffer, watch: Watch): GatedLine | Refused | undefined {
  const length = lengthWithoutEnding(line);
  const text = line.toString("utf8", 0, length);
  const value = parsed(text);
  const isBatch = Array.isArray(value);
  if (!isBatch && !isObject(value)) return isNothing(text, watch) ? undefined : { refused: text, reason: AMBIGUOUS };
  if (isBatch && value.length > MOST_MEMBERS) return { refused: text, reason: TOO_MANY };
  const members = isPlain(line, text, isBatch) ? membersOf(text, value, watch) : undefined;
  if (members === undefined) return { refused: text, reason: AMBIGUOUS };
  return members.some(isOfUse) ? { isBatch, members, ending: endingOf(line, length) } : undefined;
}

function isNothing(text: string, { direction }: Watch): boolean {
  return BLANK.test(text) || (direction === "response" && !SIGN_OF_A_MESSAGE.test(text));
}

/** Of a line that is JSON: whether it is one line, in UTF-8, in which no name stands twice. */
function isPlain(line: Buffer, text: string, isBatch: boolean): boolean {
  if (text.includes("\r") || (text.includes("\ufffd") && !isUtf8(line))) return false;
  return !repeatsName(line, text, isBatch ? 2 : 1);
}

function membersOf(text: string, value: JsonObject | unknown[], watch: Watch): Member[] | undefined {
  if (!Array.isArray(value)) {
    const message = plainMessage(text, value);
    return message && [strictMember(text, message, watch)];
  }
  const members: Member[] = [];
  for (const { start, end } of topLevelTokens(text)) {
    const one = text.slice(start, end);
    const message = plainMessage(one, value[members.length]);
    if (message === undefined) return undefined;
    members.push(strictMember(one, message, watch));
  }
  return members.length > 0 ? members : undefined;
}

/** A message that is a request, a notification or an answer, and nothing else to anybody. */
function plainMessage(text: string, value: unknown): Message | undefined {
  if (!isObject(value)) return undefined;
  for (const name in value) if (!KNOWN.has(name) && KNOWN.has(folded(name))) return undefined;
  const { id, method, result, error } = value;
  if (method !== undefined) {
    if (typeof method !== "string" || result !== undefined || error !== undefined) return undefined;
    if (id !== undefined && !isId(id)) return undefined;
  } else if (error !== undefined && error !== null) {
    if (result !== undefined && result !== null) return undefined;
    if (id !== null && !isId(id)) return undefined; // null where the request could not be read
  } else if (!isId(id)) return undefined;
  return readMessage(text, value);
}

function isId(id: unknown): boolean {
  return typeof id === "string" || typeof id === "number";
}

function strictMember(text: string, message: Message, watch: Watch): Member {
  const member = memberOf(text, message, watch);
  if ("method" in message) return member;
  const { direction, awaited } = watch;
  const request = awaited.answer(message.id);
  if (request === undefined) {
    if (direction === "response" && awaited.isWhole) member.refused = { action: "block", by: "km", reason: UNASKED };
    return member;
  }
  const { method, tool, leastBytes } = request;
  if (leastBytes === Infinity || Buffer.byteLength(text) + 1 < leastBytes) return member;
  member.answers = request;
  member.questions = [heldMessage(direction, method, tool, text, message.value, request.text)];
  return member;
}

function isOfUse({ message, questions, cancels, refused }: Member): boolean {
  return message?.kind === "request" || questions.length > 0 || cancels !== undefined || refused !== undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
