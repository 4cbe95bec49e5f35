/** `MockServer`: answers a client as a recorded server did. Without I/O of its own. */
import { memberText, type Message, readLine } from "../wire/jsonrpc.ts";
import { Asked } from "./asked.ts";
import { Choice, type Refusal } from "./choose.ts";
import { Heard, playSteps, type Step } from "./play.ts";
import type { Cue, Recording, Scene } from "./recording.ts";
import { Renaming } from "./renaming.ts";

export interface MockOptions {
  /** Requests may come only in the recorded order, each once. */
  isStrict: boolean;
  /** The server takes as long as it took. */
  isSlow: boolean;
  /** Does to what comes what was done to the recorded messages before they were written. */
  mask(text: string): string;
  /** Takes one line for the client, without its line feed. */
  send(text: string): Promise<void>;
}

const NOT_WHOLE = '"error":{"code":-32603,"message":"The recording does not hold the whole answer"}';

export class MockServer {
  readonly #recording: Recording;
  readonly #options: MockOptions;
  readonly #choice: Choice;
  readonly #heard = new Heard();
  readonly #playing = new Set<Promise<void>>();
  readonly #cancelled = new Set<string>();
  #questions = 0;

  constructor(recording: Recording, options: MockOptions) {
    this.#recording = recording;
    this.#options = options;
    this.#choice = new Choice(recording.scenes, options.isStrict);
  }

  /** Sends what the server sent by itself when it was started. */
  open(): void {
    this.#play(this.#recording.opening, new Renaming(undefined, "", this.#newQuestion), undefined);
  }

  /** @param line without its line feed */
  receive(line: string): void {
    const read = readLine(line);
    if (read.kind === "batch") for (const { message, text } of read.members) this.#hear(message, text);
    else if (read.kind !== "malformed") this.#hear(read, line);
  }

  /** The client says no more: resolves when what can still be sent is sent. */
  async end(): Promise<void> {
    this.#heard.end();
    await Promise.all(this.#playing);
  }

  #hear(message: Message | undefined, text: string): void {
    switch (message?.kind) {
      case "request":
        this.#answer(message.id, message.method, text);
        break;
      case "notification":
        this.#note(message.method, text);
        break;
      case "response":
      case "error":
        this.#heard.add(message.id);
        break;
      default: // a member of a batch that is no message
    }
  }

  #answer(id: string, method: string, text: string): void {
    const chosen = method === "ping" ? undefined : this.#choice.request(this.#asked(method, text));
    this.#cancelled.delete(id);
    if (chosen === undefined) this.#send(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
    else if ("refusal" in chosen) this.#send(refusalLine(id, chosen.refusal));
    else this.#play(chosen.scene.cues, new Renaming(chosen.scene, text, this.#newQuestion), id);
  }

  #note(method: string, text: string): void {
    if (method === "notifications/cancelled") {
      const id = memberText(memberText(text, "params") ?? "{}", "requestId");
      if (id !== undefined) this.#cancelled.add(id);
      return;
    }
    const scene = this.#choice.notification(this.#asked(method, text));
    if (scene !== undefined) this.#play(scene.cues, new Renaming(scene, text, this.#newQuestion), undefined);
  }

  #asked(method: string, text: string): Asked {
    return Asked.by(method, this.#options.mask(text));
  }

  readonly #newQuestion = (): string => `"mock-${++this.#questions}"`;

  #play(cues: Scene["cues"], renaming: Renaming, id: string | undefined): void {
    const steps = cues.flatMap((cue) => this.#steps(cue, renaming, id));
    const send = async (text: string): Promise<void> => {
      if (id === undefined || !this.#cancelled.has(id)) await this.#options.send(text);
    };
    const playing = playSteps(steps, this.#heard, send).finally(() => this.#playing.delete(playing));
    this.#playing.add(playing);
  }

  #steps({ text, kind, afterMs, waitsFor }: Cue, renaming: Renaming, id: string | undefined): Step[] {
    const line =
      text === undefined ? `{"jsonrpc":"2.0","id":${id ?? "null"},${NOT_WHOLE}}` : renaming.apply(text, kind, id);
    if (line === undefined) return [];
    const steps: Step[] = [];
    if (waitsFor !== undefined) steps.push({ kind: "wait", after: renaming.question(waitsFor) });
    if (this.#options.isSlow) steps.push({ kind: "delay", ms: afterMs });
    return [...steps, { kind: "send", text: line, after: undefined }];
  }

  #send(line: string): void {
    const sending = this.#options.send(line).finally(() => this.#playing.delete(sending));
    this.#playing.add(sending);
  }
}

function refusalLine(id: string, refusal: Refusal): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(refusal)}}`;
}
