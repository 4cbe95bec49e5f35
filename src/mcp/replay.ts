/** `planReplay`: what a recorded client said, made ready to be sent to a server again. No I/O. */
import type { LogEntry } from "../stream/entry.ts";
import type { StreamEvent } from "../stream/event.ts";
import { readCutMessage } from "../wire/cut-message.ts";
import { memberText, type Message, readLine } from "../wire/jsonrpc.ts";

export interface ReplayPlan {
  /** In the order in which they were sent. */
  steps: ReplayStep[];
  /** What the client answered when the server asked it. */
  answers: RecordedAnswers;
}

/** A message that the client sent: a notification unless it has a `request`. */
export interface ReplayStep {
  seq: number;
  method: string;
  /** Verbatim but for masked secrets; undefined where it was not recorded whole. */
  text: string | undefined;
  /** How many secrets are masked in it. */
  masked: number;
  request?: ReplayRequest;
}

export interface ReplayRequest {
  id: string;
  tool: string | undefined;
  target: string | undefined;
  answer: RecordedAnswer | undefined;
  /** False where it is sent only because nothing works without it. */
  isWanted: boolean;
}

export interface RecordedAnswer {
  /** Undefined where it was not recorded whole. */
  text: string | undefined;
  durationMs: number | undefined;
}

/** What became of a request: an answer as text, or why there is none. */
export type Reply =
  | { kind: "answer"; text: string; durationMs: number }
  | { kind: "failed"; reason: string }
  /** There was nothing to send, or nothing to wait for. */
  | { kind: "skipped"; reason: string };

/**
 * @param entries of one session, with their messages
 * @param isWanted which of them to send; the handshake is sent always
 */
export async function planReplay(
  entries: AsyncIterable<LogEntry>,
  isWanted: (entry: LogEntry) => boolean,
): Promise<ReplayPlan> {
  const steps: ReplayStep[] = [];
  const answers = new RecordedAnswers();
  for await (const entry of entries) {
    if (entry.direction === "response") addAnswers(entry, answers);
    else if (isWanted(entry)) steps.push(...stepsOf(entry, true));
    else if (isHandshake(entry)) steps.push(...stepsOf(entry, false));
  }
  return { steps: steps.sort((a, b) => a.seq - b.seq), answers };
}

function isHandshake(entry: LogEntry): boolean {
  return entry.method === "initialize" || entry.method === "notifications/initialized";
}

/** The rounds of one call are requests with answers of their own. */
function stepsOf(entry: LogEntry, isWanted: boolean): ReplayStep[] {
  const answers = entry.events.filter((event) => event.direction === "response" && isAnswer(event));
  const steps: ReplayStep[] = [];
  for (const event of entry.events) {
    if (event.direction !== "request" || (event.type !== "request" && event.type !== "notification")) continue;
    const step = { seq: event.seq, method: event.method ?? "", text: event.message, masked: event.redacted ?? 0 };
    const id = idOf(event);
    if (event.type === "notification" || id === undefined) {
      steps.push(step);
      continue;
    }
    const at = answers.findIndex((answer) => answer.seq > event.seq && idOf(answer) === id);
    const [answer] = at < 0 ? [] : answers.splice(at, 1);
    const { tool, target } = event;
    steps.push({
      ...step,
      request: { id, tool, target, isWanted, answer: answer && recordedAnswer(event, answer) },
    });
  }
  return steps;
}

function recordedAnswer(request: StreamEvent, answer: StreamEvent): RecordedAnswer {
  const isFirstRound = request.seq === request.call;
  // The duration in the journal counts from the first round of the call.
  const durationMs = isFirstRound ? answer.duration_ms : Date.parse(answer.timestamp) - Date.parse(request.timestamp);
  return { text: answer.message, durationMs };
}

function addAnswers(entry: LogEntry, answers: RecordedAnswers): void {
  for (const event of entry.events) {
    if (event.direction !== "request" || !isAnswer(event) || event.message === undefined) continue;
    answers.add(entry.method ?? "", event.message);
  }
}

function isAnswer(event: StreamEvent): boolean {
  return event.type === "response" || event.type === "error";
}

function idOf(event: StreamEvent): string | undefined {
  const message =
    event.message === undefined ? readCutMessage(event.text ?? "", event.text ?? "") : read(event.message);
  return message === undefined || message.kind === "notification" ? undefined : message.id;
}

function read(text: string): Message | undefined {
  const line = readLine(text);
  return line.kind === "batch" || line.kind === "malformed" ? undefined : line;
}

/** The client's answers to the server's requests, by method, each given once. */
export class RecordedAnswers {
  readonly #texts = new Map<string, string[]>();

  /** @param text a whole JSON-RPC answer */
  add(method: string, text: string): void {
    const texts = this.#texts.get(method);
    if (texts === undefined) this.#texts.set(method, [text]);
    else texts.push(text);
  }

  /** The line to send. A ping is answered always, anything else that was not recorded with an error. */
  to(request: { id: string; method: string }): string {
    const text = this.#texts.get(request.method)?.shift();
    for (const name of ["result", "error"]) {
      const value = text === undefined ? undefined : memberText(text, name);
      if (value !== undefined) return answerLine(request.id, name, value);
    }
    if (request.method === "ping") return answerLine(request.id, "result", "{}");
    const error = { code: -32601, message: `Not in the recording: ${request.method}` };
    return answerLine(request.id, "error", JSON.stringify(error));
  }
}

function answerLine(id: string, name: string, value: string): string {
  return `{"jsonrpc":"2.0","id":${id},"${name}":${value}}`;
}
