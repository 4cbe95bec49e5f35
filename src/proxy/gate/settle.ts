/** What becomes of a line whose messages have been decided about. No I/O. */
import type { Direction, Interception } from "../../stream/event.ts";
import type { Verdict } from "../../stream/verdict.ts";
import { type Message, readLine } from "../../wire/jsonrpc.ts";
import type { Awaited } from "./awaited-answers.ts";
import { blockedAnswer, givenAnswer } from "./gate-answer.ts";
import { awaitedAfter, type GatedLine, type Member } from "./gated-line.ts";
import type { Gate } from "./gate.ts";

/** What was decided about a message. */
export interface Outcome {
  verdict: Verdict;
  /** What was decided about in its place, and by whom it was changed so. */
  text?: string | undefined;
  by?: string | undefined;
  /** Its sender has cancelled it, and waits for no answer. */
  cancelled?: true;
}

export interface Settled {
  /** Whether the line goes on as it came. */
  isUnchanged: boolean;
  /** The line to forward; undefined where nothing is left of it. */
  forward: string | undefined;
  /** One for each message of the line, undefined for those that passed; undefined where all did. */
  interceptions: Interceptions | undefined;
  /** The line for the sender; undefined where nobody waits for an answer. */
  answer: string | undefined;
  answered: Interceptions;
  /** The forwarded requests whose answers the gate wants to see. */
  awaited: { id: string; request: Awaited }[];
}

/** Of the messages of a line; undefined for those that passed as they were. */
export type Interceptions = readonly (Interception | undefined)[];

type Request = Message & { kind: "request" };

/** What a message does: goes on as `text`, or not at all; and what its sender gets. */
interface Effect {
  text: string | undefined;
  interception?: Interception;
  answer?: string;
}

/** @param outcomes one for each member of the line, undefined for those that nobody decided about */
export function settle(
  { members, isBatch, ending }: GatedLine,
  outcomes: readonly (Outcome | undefined)[],
  direction: Direction,
  gate: Gate,
): Settled {
  const effects = members.map((one, index) => effectOn(one, outcomes[index], direction));
  const awaited = effects.flatMap(({ text }, index) => {
    const one = members[index];
    const request = one !== undefined && text !== undefined ? awaitedAfter(one, text, gate) : undefined;
    return request !== undefined && one?.message?.kind === "request" ? [{ id: one.message.id, request }] : [];
  });
  const texts = effects.flatMap(({ text }) => (text === undefined ? [] : [text]));
  const answers = effects.filter(({ answer }) => answer !== undefined);
  const join = (parts: string[], end: string) => {
    return parts.length === 0 ? undefined : (isBatch ? `[${parts.join(",")}]` : parts.join("")) + end;
  };
  const passed = effects.every(({ interception }) => interception === undefined);
  return {
    isUnchanged: effects.every(({ text }, index) => text === members[index]?.text),
    forward: join(texts, ending),
    interceptions: passed ? undefined : effects.map(({ interception }) => interception),
    answer: join(
      answers.map(({ answer = "" }) => answer),
      "\n",
    ),
    answered: answers.map(({ interception }) => interception),
    awaited,
  };
}

/** What goes to the receiver of an answer that is too long, or not fit, to be seen by it. */
export function answerInPlace(
  { text: request }: Awaited,
  id: string,
  direction: Direction,
  why: { by: string; reason: string },
): string {
  const read = readLine(request);
  const asked: Request = read.kind === "request" ? { ...read, id } : { kind: "request", id, method: "", value: {} };
  return blockedAnswer(asked, "", opposite(direction), why);
}

export function opposite(direction: Direction): Direction {
  return direction === "request" ? "response" : "request";
}

function effectOn(one: Member, outcome: Outcome | undefined, direction: Direction): Effect {
  if (outcome === undefined) return { text: one.text };
  const verdict = checked(one, outcome);
  switch (verdict.action) {
    case "pass":
      return { text: one.text };
    case "approve": {
      const { by, waited_ms: waited } = verdict;
      const text = outcome.text ?? one.text;
      const forwarded = text === one.text ? {} : { forwarded: text };
      return { text, interception: { action: "approved", by, waited_ms: waited, ...forwarded } };
    }
    case "modify": {
      const { by, reason, text } = verdict;
      const why = reason === undefined ? {} : { reason };
      return { text, interception: { action: "modified", by, ...why, forwarded: text } };
    }
    case "answer": {
      const { message, text } = one;
      const answer = message?.kind === "request" ? givenAnswer(message, text, verdict.result) : undefined;
      const interception: Interception = { action: "answered", by: verdict.by };
      return { text: undefined, interception, ...(answer === undefined ? {} : { answer }) };
    }
    case "block":
      return blocked(one, verdict, direction, outcome.cancelled === true);
  }
}

function blocked(
  { message, text, answers }: Member,
  { by, reason }: Verdict & { action: "block" },
  direction: Direction,
  cancelled: boolean,
): Effect {
  const interception: Interception = { action: "blocked", by, reason };
  if (answers !== undefined && message !== undefined) {
    const id = "id" in message ? message.id : "null";
    const forwarded = answerInPlace(answers, id, direction, { by, reason });
    return { text: forwarded, interception: { ...interception, forwarded } };
  }
  if (message?.kind !== "request" || cancelled) return { text: undefined, interception };
  return { text: undefined, interception, answer: blockedAnswer(message, text, direction, { by, reason }) };
}

/** The verdict with what was decided about in the place of the message, as far as it may be carried out. */
function checked(one: Member, { verdict, text, by = "km" }: Outcome): Verdict {
  switch (verdict.action) {
    case "pass":
      return text === undefined ? verdict : replaced(one, { action: "modify", by, text });
    case "modify":
      return replaced(one, verdict);
    case "approve": {
      if (text === undefined) return verdict;
      const changed = replaced(one, { action: "modify", by, text });
      return changed.action === "block" ? changed : verdict;
    }
    case "answer":
      return one.message?.kind === "request" && one.answers === undefined && isOneLineOfJson(verdict.result)
        ? verdict
        : { action: "block", by: verdict.by, reason: "its answer is none" };
    case "block":
      return verdict;
  }
}

/** Nothing but the same message with other content may take its place. */
function replaced({ message, text }: Member, verdict: Verdict & { action: "modify" }): Verdict {
  if (verdict.text === text) return { action: "pass", by: verdict.by };
  const replacement = verdict.text.includes("\n") ? undefined : readLine(verdict.text);
  const isSame =
    message !== undefined &&
    replacement?.kind === message.kind &&
    methodOf(replacement) === methodOf(message) &&
    idOf(replacement) === idOf(message);
  if (isSame) return verdict;
  const kind = message?.kind === "request" || message?.kind === "notification" ? message.kind : "answer";
  return { action: "block", by: verdict.by, reason: `its replacement is not the same ${kind}` };
}

function methodOf(message: Message): string | undefined {
  return "method" in message ? message.method : undefined;
}

function idOf(message: Message): string | undefined {
  return "id" in message ? message.id : undefined;
}

function isOneLineOfJson(text: string): boolean {
  try {
    JSON.parse(text);
    return !text.includes("\n");
  } catch {
    return false;
  }
}
