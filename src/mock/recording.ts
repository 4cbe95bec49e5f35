/** `readRecording`: what a recorded server was asked and what it sent, for a mock of it. No I/O. */
import type { StreamEvent } from "../stream/event.ts";
import { readLine } from "../wire/jsonrpc.ts";
import { idAt, outlineOf } from "../wire/outline.ts";
import { Asked } from "./asked.ts";

export interface Recording {
  /** What the server sent before the client said anything. */
  opening: Cue[];
  /** What the client sent, in its order. */
  scenes: Scene[];
  /** How many messages have secrets masked in them, and how many were not recorded whole. */
  masked: number;
  incomplete: number;
}

/** A message of the client, and what the server sent for it. */
export interface Scene {
  seq: number;
  /** Of a request. */
  id: string | undefined;
  asked: Asked;
  cues: Cue[];
}

/** A message of the server. */
export interface Cue {
  /** Undefined where it is an answer that was not recorded whole. */
  text: string | undefined;
  kind: "request" | "notification" | "answer";
  /** Milliseconds since the message before it in its scene, or since what it waits for. */
  afterMs: number;
  /** The id of a request of the server that the client had answered before this was sent. */
  waitsFor: string | undefined;
}

/** @param events of one session, with their messages, in their order */
export async function readRecording(events: AsyncIterable<StreamEvent>): Promise<Recording> {
  const reader = new Reader();
  for await (const event of events) reader.add(event);
  return reader.recording;
}

interface Open {
  cues: Cue[];
  /** When its last message was sent or heard. */
  at: number;
  waitsFor: string | undefined;
}

class Reader {
  readonly recording: Recording = { opening: [], scenes: [], masked: 0, incomplete: 0 };
  /** The scene of each request that has no answer yet, by its id. */
  readonly #unanswered = new Map<string, Open>();
  /** The scene of the newest request of each call, by the `seq` of the call. */
  readonly #calls = new Map<number, Open>();
  /** The scene in which the server asked, by the id of its question. */
  readonly #questions = new Map<string, Open>();
  #current: Open = { cues: this.recording.opening, at: Number.NaN, waitsFor: undefined };

  add(event: StreamEvent): void {
    if (event.type === "stderr" || event.type === "malformed" || event.bytes === 0) return;
    if (event.redacted !== undefined) this.recording.masked++;
    if (event.message === undefined) this.recording.incomplete++;
    if (event.direction === "request") this.#hear(event);
    else this.#say(event);
  }

  #hear(event: StreamEvent): void {
    const { message: text, type, seq } = event;
    if (type === "response" || type === "error") {
      const open = this.#questions.get(idOf(text) ?? "");
      if (open === undefined) return;
      open.waitsFor = idOf(text);
      open.at = timeOf(event);
      return;
    }
    const line = text === undefined ? undefined : readLine(text);
    if (text === undefined || (line?.kind !== "request" && line?.kind !== "notification")) return;
    // Both are followed on other ways: what is cancelled has no answer, and is not waited for.
    if (line.method === "notifications/cancelled" || line.method === "notifications/progress") return;
    const id = line.kind === "request" ? line.id : undefined;
    const scene: Scene = { seq, id, asked: Asked.by(line.method, text), cues: [] };
    this.recording.scenes.push(scene);
    this.#current = { cues: scene.cues, at: timeOf(event), waitsFor: undefined };
    if (id !== undefined) this.#unanswered.set(id, this.#current);
    if (event.call !== undefined) this.#calls.set(event.call, this.#current);
  }

  #say(event: StreamEvent): void {
    const { message: text, type } = event;
    const isAnswer = type === "response" || type === "error";
    const open = (isAnswer ? this.#answered(event) : this.#calls.get(event.call ?? 0)) ?? this.#current;
    if (text === undefined && !isAnswer) return;
    const at = timeOf(event);
    open.cues.push({
      text,
      kind: isAnswer ? "answer" : type === "request" ? "request" : "notification",
      afterMs: Number.isNaN(open.at) ? 0 : Math.max(0, at - open.at),
      waitsFor: open.waitsFor,
    });
    open.at = at;
    open.waitsFor = undefined;
    if (type === "request") this.#questions.set(idOf(text) ?? "", open);
  }

  /** One that was not recorded whole has no id that could be read, but the call that it belongs to. */
  #answered({ message, call }: StreamEvent): Open | undefined {
    const id = idOf(message);
    const open = id === undefined ? this.#calls.get(call ?? 0) : this.#unanswered.get(id);
    if (id !== undefined) this.#unanswered.delete(id);
    return open;
  }
}

function idOf(text: string | undefined): string | undefined {
  const outline = text === undefined ? undefined : outlineOf(text);
  return text === undefined || outline === undefined || outline.kind === "notification"
    ? undefined
    : idAt(text, outline.id);
}

function timeOf({ timestamp }: StreamEvent): number {
  return Date.parse(timestamp);
}
