/** Lines in the eyes of a gate that is not strict: which messages of a line it has to decide about. No I/O. */
import type { Direction } from "../../stream/event.ts";
import type { HeldMessage, Verdict } from "../../stream/verdict.ts";
import { readCutMessage } from "../../wire/cut-message.ts";
import { exactText, isObject, type JsonObject, membersInAnyCase, type Message, readLine } from "../../wire/jsonrpc.ts";
import { HEAD_BYTES, TAIL_BYTES } from "../../wire/lines.ts";
import { member, toolOf } from "../../wire/mcp.ts";
import type { Awaited, AwaitedAnswers } from "./awaited-answers.ts";
import { mayHoldMethod, methodsIn } from "./gate-scan.ts";
import type { Gate } from "./gate.ts";

/** What a line is read for. */
export interface Watch {
  direction: Direction;
  gate: Gate;
  /** The requests whose answers travel in this direction. */
  awaited: AwaitedAnswers;
  /** Whether requests of this direction are held that a later line may cancel. */
  mayCancel(): boolean;
}

/** A line with at least one message that means something to the gate. */
export interface GatedLine {
  isBatch: boolean;
  members: Member[];
  /** The line feed with what belongs to it; nothing at the end of a stream. */
  ending: string;
}

export interface Member {
  text: string;
  /** Undefined where it is no message. */
  message: Message | undefined;
  /** What the gate is asked, one after the other until it does not let the message pass; mostly none or one. */
  questions: readonly HeldMessage[];
  /** Of an answer that the gate is asked about: its request. */
  answers: Awaited | undefined;
  /** The id of the request that the message cancels. */
  cancels: string | undefined;
  /** It goes no further, whatever the gate would say. */
  refused?: Verdict & { action: "block" };
}

/** From a length on, searching bytes is cheaper than decoding them. */
const LONG_BYTES = 2048;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANKS = new Set([0x20, 0x09, LINE_FEED, CARRIAGE_RETURN]);
/** A brace, a bracket, and what a file begins with that says it is UTF-8. */
const BEGINNINGS = new Set([0x7b, 0x5b, 0xef]);
const ENDINGS = ["", "\n", "\r\n"];
const NO_QUESTIONS: readonly HeldMessage[] = [];
export const CANCELLED = "notifications/cancelled";
/** As `mayHoldMethod`, for what is decoded anyway. */
const METHOD = /"method"|\\u00[4-7]/i;
/** More than one of a kind, or one in another case, and readers may not agree about what the message is. */
const NAMES = /"(?:method|id)"|\\u00[4-7]/gi;

/**
 * @param line with its ending
 * @returns undefined when the line may pass: most end here, since a search costs a fraction of parsing
 */
export function gatedLine(line: Buffer, watch: Watch): GatedLine | undefined {
  const length = lengthWithoutEnding(line);
  const short = line.length < LONG_BYTES ? line.toString("utf8", 0, length) : undefined;
  const asks = short === undefined ? mayAsk(line, watch) : METHOD.test(short);
  if (!asks) return undefined;
  const text = short ?? line.toString("utf8", 0, length);
  const read = readLine(text);
  const ending = endingOf(line, length);
  if (read.kind === "batch") {
    const members = read.members.map(({ text: json, message }) => lenientMember(json, message, watch));
    return members.some(isOfUse) ? { isBatch: true, members, ending } : undefined;
  }
  const member = lenientMember(text, read.kind === "malformed" ? guessed(text) : read, watch);
  return isOfUse(member) ? { isBatch: false, members: [member], ending } : undefined;
}

/** The message with the question that its method asks, and what it cancels. */
export function memberOf(text: string, message: Message | undefined, watch: Watch): Member {
  const { direction, gate, mayCancel } = watch;
  const member: Member = { text, message, questions: NO_QUESTIONS, answers: undefined, cancels: undefined };
  if (message?.kind !== "request" && message?.kind !== "notification") return member;
  const { method } = message;
  if (gate.concerns(direction, method)) {
    // What is not strict may have guessed at it.
    const value = gate.isStrict ? message.value : undefined;
    member.questions = [heldMessage(direction, method, toolOfMessage(message), text, value)];
  }
  if (method === CANCELLED && mayCancel()) member.cancels = cancelledId(message, text);
  return member;
}

export function heldMessage(
  direction: Direction,
  method: string,
  tool: string | undefined,
  text: string,
  value: unknown,
  request?: string,
): HeldMessage {
  const held: HeldMessage = { direction, method, text };
  if (value !== undefined) held.value = value;
  if (tool !== undefined) held.tool = tool;
  if (request !== undefined) held.request = request;
  return held;
}

export function lengthWithoutEnding(line: Uint8Array): number {
  const last = line.length - 1;
  if (line[last] !== LINE_FEED) return line.length;
  return line[last - 1] === CARRIAGE_RETURN ? last - 1 : last;
}

/** @param length that of the line without it */
export function endingOf(line: Uint8Array, length: number): string {
  return ENDINGS[line.length - length] ?? "";
}

/** Whether a line that begins so may be a message or a batch: objects and arrays are. */
export function mayBeMessage(beginning: Uint8Array): boolean {
  const first = beginning.find((byte) => !BLANKS.has(byte));
  return first === undefined || BEGINNINGS.has(first);
}

/** Whether some line of these bytes may have to be read. */
export function mayMean(bytes: Buffer, { gate }: Watch): boolean {
  return gate.isStrict || mayHoldMethod(bytes);
}

/** What a line is of which only the beginning, and later the end, is known. */
export function readCutLine(head: Uint8Array, tail: Uint8Array): Message | undefined {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return readCutMessage(text(head.subarray(0, HEAD_BYTES)), text(tail));
}

/** The answer to expect to what is forwarded of this. */
export function awaitedAfter(member: Member, text: string, gate: Gate): Awaited | undefined {
  if (!gate.isStrict || member.message?.kind !== "request") return undefined;
  const forwarded = text === member.text ? member.message : readLine(text);
  if (forwarded.kind !== "request") return undefined;
  return awaitedBy(forwarded.method, toolOfMessage(forwarded), text, gate);
}

/** @param text of the request */
export function awaitedBy(method: string, tool: string | undefined, text: string, gate: Gate): Awaited {
  if (!gate.concernsAnswer(method, tool)) return { method, tool, text: "", leastBytes: Infinity };
  return { method, tool, text, leastBytes: gate.leastAnswerBytes(method, tool) };
}

function mayAsk(line: Buffer, { direction, gate, mayCancel }: Watch): boolean {
  const methods = methodsIn(line);
  if (methods === undefined) return true;
  return methods.some((method) => gate.concerns(direction, method) || (method === CANCELLED && mayCancel()));
}

function isOfUse({ questions, cancels }: Member): boolean {
  return questions.length > 0 || cancels !== undefined;
}

function lenientMember(text: string, read: Message | undefined, watch: Watch): Member {
  const { direction, gate } = watch;
  const names = isPlain(text) ? undefined : membersInAnyCase(text);
  const message = read ?? (names && inAnyCase(names));
  const member = memberOf(text, message, watch);
  if (names === undefined || (message?.kind !== "request" && message?.kind !== "notification")) return member;
  for (const method of new Set(stringsOf(names.get("method")))) {
    if (method !== message.method && gate.concerns(direction, method)) {
      const question = heldMessage(direction, method, toolOfMessage(message), text, undefined);
      member.questions = [...member.questions, question];
    }
  }
  return member;
}

/** Whether no reader can take the message for another than this one. */
function isPlain(text: string): boolean {
  let methods = 0;
  let ids = 0;
  NAMES.lastIndex = 0;
  while (NAMES.test(text)) {
    const end = NAMES.lastIndex;
    if (text.startsWith('"id"', end - 4)) ids++;
    else if (text.startsWith('"method"', end - 8)) methods++;
    else return false;
    if (ids > 1 || methods > 1) return false;
  }
  return true;
}

/** A text that is not JSON, read by its ends: another reader may be less strict about what is between them. */
function guessed(text: string): Message | undefined {
  return readCutMessage(text.slice(0, HEAD_BYTES), text.slice(-TAIL_BYTES));
}

/** The message as a reader takes it that does not mind the case of names. */
function inAnyCase(names: Map<string, string[]>): Message | undefined {
  const value: JsonObject = Object.fromEntries(Array.from(names, ([name, texts]) => [name, parsed(texts.at(-1))]));
  const method = value["method"];
  const id = idsOf(names.get("id")).at(-1);
  if (typeof method === "string") {
    return id === undefined ? { kind: "notification", method, value } : { kind: "request", id, method, value };
  }
  if (id === undefined) return undefined;
  if (isObject(value["error"])) return { kind: "error", id, value };
  return "result" in value ? { kind: "response", id, value } : undefined;
}

function cancelledId({ value }: Message, text: string): string | undefined {
  const id = member(value, "params")?.["requestId"];
  if (id === undefined || id === null) return undefined;
  return exactText(id, () => {
    const params = membersInAnyCase(text).get("params")?.at(-1) ?? "";
    return membersInAnyCase(params).get("requestid")?.at(-1);
  });
}

function toolOfMessage(message: Message & { kind: "request" | "notification" }): string | undefined {
  return toolOf(message.method, member(message.value, "params"));
}

function idsOf(texts: string[] = []): string[] {
  return texts.flatMap((text) => {
    const id = parsed(text);
    return id === undefined || id === null ? [] : [exactText(id, () => text)];
  });
}

function stringsOf(texts: string[] = []): string[] {
  return texts.map(parsed).filter((value) => typeof value === "string");
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
