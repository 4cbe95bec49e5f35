/** Lines in the eyes of a gate: which messages of a line it has to decide about, and what becomes of the line then. No I/O. */
import type { Direction, Interception } from "../stream/event.ts";
import { readCutMessage } from "../wire/cut-message.ts";
import { type Message, readLine } from "../wire/jsonrpc.ts";
import { HEAD_BYTES, TAIL_BYTES } from "../wire/lines.ts";
import { member, toolOf } from "../wire/mcp.ts";
import { blockedAnswer } from "./gate-answer.ts";
import type { Gate } from "./gate.ts";
import type { HeldMessage, Verdict } from "../stream/verdict.ts";

/** A line with at least one message that the gate has to decide about. */
export interface HeldLine {
  direction: Direction;
  isBatch: boolean;
  members: Member[];
  /** The line feed with what belongs to it; nothing at the end of a stream. */
  ending: string;
}

interface Member {
  text: string;
  /** Undefined where the gate is not concerned. */
  asked: { question: HeldMessage; message: Asking } | undefined;
}

type Asking = Message & { kind: "request" | "notification" };

/** What happens in place of forwarding the line as it came. */
export interface Settled {
  /** The line to forward; undefined where nothing is left of it. */
  forward: string | undefined;
  /** One for each message of the line; undefined for those that passed. */
  interceptions: Interceptions;
  /** The line for the sender; undefined where nobody waits for an answer. */
  answer: string | undefined;
  answered: Interceptions;
}

/** Of the messages of a line; undefined for those that passed as they were. */
export type Interceptions = readonly (Interception | undefined)[];

/** One of the two is in every text that has a member of that name. */
const METHOD = Buffer.from('"method"');
const ESCAPE = Buffer.from("\\u");
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANKS = new Set([0x20, 0x09, LINE_FEED, CARRIAGE_RETURN]);
const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * @param bytes a whole line with its ending
 * @returns undefined when the gate is not concerned
 */
export function heldLine(bytes: Uint8Array, direction: Direction, gate: Gate): HeldLine | undefined {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // Most lines in the direction of the answers end here: a search costs a hundredth of parsing.
  if (!line.includes(METHOD) && !line.includes(ESCAPE)) return undefined;
  const length = lengthWithoutEnding(line);
  const text = decoder.decode(line.subarray(0, length));
  const read = readLine(text);
  const messages =
    read.kind === "batch" ? read.members : [{ text, message: read.kind === "malformed" ? guessed(text) : read }];
  const members = messages.map(({ text: json, message }): Member => {
    return { text: json, asked: message && ask(message, json, direction, gate) };
  });
  if (members.every(({ asked }) => asked === undefined)) return undefined;
  return { direction, isBatch: read.kind === "batch", members, ending: line.toString("latin1", length) };
}

/** Whether a line that begins so may be a message or a batch: objects and arrays are. */
export function mayBeMessage(beginning: Uint8Array): boolean {
  const first = beginning.find((byte) => !BLANKS.has(byte));
  return first === undefined || first === OPENING_BRACE || first === OPENING_BRACKET;
}

/** Whether a line of which only the beginning is known may be of concern to the gate: it is, where that does not tell. */
export function mayConcern(beginning: Uint8Array, direction: Direction, gate: Gate): boolean {
  const message = readCutMessage(decoder.decode(beginning.subarray(0, HEAD_BYTES)), "");
  return message === undefined || ask(message, "", direction, gate) !== undefined;
}

/**
 * @param verdicts one for each member of the line
 * @returns undefined when the line passes as it came
 */
export function settle(held: HeldLine, verdicts: Verdict[]): Settled | undefined {
  const forwarded: string[] = [];
  const interceptions: (Interception | undefined)[] = [];
  const answers: string[] = [];
  const answered: Interception[] = [];
  for (const [index, { text, asked }] of held.members.entries()) {
    const verdict = asked === undefined ? undefined : effective(verdicts[index], text, asked.message);
    if (asked === undefined || verdict === undefined || verdict.action === "pass") {
      interceptions.push(undefined);
      forwarded.push(text);
    } else if (verdict.action === "modify") {
      interceptions.push({ action: "modified", by: verdict.by, forwarded: verdict.text });
      forwarded.push(verdict.text);
    } else {
      const interception: Interception = { action: "blocked", by: verdict.by, reason: verdict.reason };
      interceptions.push(interception);
      if (asked.message.kind !== "request") continue;
      answers.push(blockedAnswer(asked.message, text, held.direction, verdict));
      answered.push(interception);
    }
  }
  if (interceptions.every((interception) => interception === undefined)) return undefined;
  const join = (texts: string[], ending: string) => {
    return texts.length === 0 ? undefined : (held.isBatch ? `[${texts.join(",")}]` : texts.join("")) + ending;
  };
  return { forward: join(forwarded, held.ending), interceptions, answer: join(answers, "\n"), answered };
}

function lengthWithoutEnding(line: Uint8Array): number {
  if (line.at(-1) !== LINE_FEED) return line.length;
  return line.at(-2) === CARRIAGE_RETURN ? line.length - 2 : line.length - 1;
}

/** A text that is not JSON, read by its ends: another reader may be less strict about what is between them. */
function guessed(text: string): Message | undefined {
  return readCutMessage(text.slice(0, HEAD_BYTES), text.slice(-TAIL_BYTES));
}

function ask(message: Message, text: string, direction: Direction, gate: Gate): Member["asked"] {
  if (message.kind !== "request" && message.kind !== "notification") return undefined;
  const { method } = message;
  if (!gate.concerns(direction, method)) return undefined;
  const tool = toolOf(method, member(message.value, "params"));
  return { question: { direction, method, ...(tool === undefined ? {} : { tool }), text }, message };
}

/** Nothing but the same request with other content may take its place. */
function effective(verdict: Verdict | undefined, text: string, message: Asking): Verdict | undefined {
  if (verdict?.action !== "modify") return verdict;
  if (verdict.text === text) return { action: "pass", by: verdict.by };
  const replacement = verdict.text.includes("\n") ? undefined : readLine(verdict.text);
  const isSame =
    replacement?.kind === message.kind &&
    replacement.method === message.method &&
    (replacement.kind !== "request" || message.kind !== "request" || replacement.id === message.id);
  return isSame
    ? verdict
    : { action: "block", by: verdict.by, reason: `its replacement is not the same ${message.kind}` };
}
