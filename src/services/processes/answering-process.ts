/** `AnsweringProcess`: another km that works for this one, and can be ended whatever it hangs in. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { selfCommand } from "../../self.ts";
import { LineSplitter } from "../../wire/lines.ts";
import type { ToolCall } from "../tool.ts";
import { MOST_LINE_BYTES, REPLY, type Reply, type Request } from "./messages.ts";

type Progress = ToolCall<unknown>["progress"];

export interface ProcessKind {
  /** Of km, hidden: what the process runs. */
  command: string;
  /** For a call to end once it is told to; with 0 it is not told, and the process is killed. */
  patienceMs: number;
  /** What is said where one has ended in the middle: who, and what to do. */
  ended: { who: string; hint: string };
}

/** For it to end by itself. */
const CLOSE_MS = 500;

export class AnsweringProcess<Work> {
  readonly #kind: ProcessKind;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "ignore">;
  /** The call that it carries out. */
  #call: { id: number; answer: PromiseWithResolvers<unknown>; progress: Progress | undefined } | undefined;
  #calls = 0;
  /** There is none any more; with some systems and disks that is long after it was killed. */
  readonly gone: Promise<void>;

  constructor(kind: ProcessKind) {
    this.#kind = kind;
    this.#child = Bun.spawn([...selfCommand([kind.command]), "--parent", String(process.pid)], {
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    });
    this.#child.unref();
    this.gone = this.#read().then(() => this.#end());
  }

  /**
   * One at a time.
   *
   * @throws KmError as the work does; SVC_008 where the process has ended
   */
  async ask(work: Work, progress?: Progress): Promise<unknown> {
    const id = ++this.#calls;
    const answer = Promise.withResolvers<unknown>();
    this.#call = { id, answer, progress };
    void this.#say({ id, work });
    return await answer.promise;
  }

  /** Ends the call, and the process where that takes too long. */
  async cancel(): Promise<void> {
    if (this.#call === undefined) return;
    const { id, answer } = this.#call;
    const { patienceMs } = this.#kind;
    if (patienceMs === 0) return await this.kill();
    void this.#say({ cancel: id });
    const isEnded = await Promise.race([
      answer.promise.then(
        () => true,
        () => true,
      ),
      Bun.sleep(patienceMs).then(() => false),
    ]);
    if (!isEnded) await this.kill();
  }

  /** Asks it to end, and waits no longer than it may take. */
  async close(): Promise<void> {
    // Nobody waits for that either.
    void Promise.resolve(this.#child.stdin.end()).catch(() => undefined);
    await Promise.race([this.gone, Bun.sleep(CLOSE_MS)]);
    this.#child.kill("SIGKILL");
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.gone;
  }

  /** Nobody waits for it: one that hangs does not read either. */
  async #say(request: Request<Work>): Promise<void> {
    try {
      const { stdin } = this.#child;
      await stdin.write(`${JSON.stringify(request)}\n`);
      await stdin.flush();
    } catch {
      // It has ended, which its stdout tells too.
    }
  }

  async #read(): Promise<void> {
    const splitter = new LineSplitter(MOST_LINE_BYTES, (bytes) => this.#hear(Buffer.from(bytes).toString()));
    try {
      for await (const part of this.#child.stdout) splitter.push(part);
    } catch {
      this.#child.kill("SIGKILL"); // what says something else is none of ours
    }
    await this.#child.exited;
  }

  #hear(line: string): void {
    const reply: Reply = v.parse(REPLY, JSON.parse(line));
    if (reply.id !== this.#call?.id) return;
    const { answer, progress } = this.#call;
    if (reply.kind === "progress") {
      progress?.(reply.done, reply.total, reply.message);
      return;
    }
    this.#call = undefined;
    if (reply.kind === "answer") answer.resolve(reply.answer);
    else if (reply.kind === "error") {
      const { code, message, hint } = reply;
      answer.reject(new KmError(code, message, { ...(hint !== undefined && { hint }) }));
    } else answer.reject(new Error(reply.kind === "fault" ? reply.message : "it was cancelled"));
  }

  #end(): void {
    const { signalCode, exitCode } = this.#child;
    const { who, hint } = this.#kind.ended;
    this.#call?.answer.reject(
      new KmError("SVC_008", `${who} ended without an answer (${signalCode ?? exitCode})`, { hint }),
    );
    this.#call = undefined;
  }
}
