/** `StdioTalk`: a client of `km monitor --url`, which wants an answer to each of its calls, be it an error. */
import { openSync } from "node:fs";
import type { TalkPlan } from "../rounds/plan-remotes.ts";
import { Answers } from "../checks/answers.ts";
import { callLine, INITIALIZED, initializeLine } from "./said-calls.ts";

export interface StdioTalkOptions {
  /** Of its marks, and of its session. */
  name: string;
  command: string[];
  cwd: string;
  env: Record<string, string>;
  /** For what km says. */
  stderr: string;
}

/** For any one answer. */
const PATIENCE_MS = 60_000;
const MOST_BEGINNINGS = 8;

export class StdioTalk {
  readonly name: string;
  readonly answers: Answers;
  /** Lines, as km got and gave them. */
  readonly sent: string[] = [];
  readonly received: string[] = [];
  readonly #km: Bun.Subprocess<"pipe", "pipe", number>;
  readonly #reading: Promise<void>;
  #ids = 0;
  #isOver = false;
  #wake = Promise.withResolvers<void>();

  constructor({ name, command, cwd, env, stderr }: StdioTalkOptions) {
    this.name = name;
    this.answers = new Answers(name);
    this.#km = Bun.spawn(command, { cwd, env, stdin: "pipe", stdout: "pipe", stderr: openSync(stderr, "a") });
    this.#reading = this.#receive();
  }

  get pid(): number {
    return this.#km.pid;
  }

  /** Resolves when km has ended. @returns what should not be */
  async play({ era, bursts, leavesEarly }: TalkPlan): Promise<string[]> {
    const problems: string[] = [];
    const isBegun = era === "modern" || (await this.#begin());
    for (const [index, burst] of isBegun ? bursts.entries() : []) {
      const lines = burst.map((call) => {
        const id = ++this.#ids;
        return callLine(id, { ...call, mark: this.answers.ask(id) }, era);
      });
      await this.#send(lines);
      if (leavesEarly && index === bursts.length - 1) break;
      await this.#answered();
      if (this.#isOver) break;
      if (this.answers.open.length === 0) continue;
      problems.push(`waited in vain for ${this.answers.open.join(", ")}`);
      break;
    }
    await Promise.resolve(this.#km.stdin.end()).catch(() => undefined);
    // Where another has taken note of its end, Bun throws.
    const ended = this.#km.exited.then(
      () => true,
      () => true,
    );
    const hasEnded = await Promise.race([ended, Bun.sleep(PATIENCE_MS + 30_000).then(() => false)]);
    if (!hasEnded) return [...problems, "km does not end"];
    await this.#reading;
    return problems;
  }

  async #begin(): Promise<boolean> {
    for (let tries = 0; tries < MOST_BEGINNINGS && !this.#isOver; tries++) {
      const id = ++this.#ids;
      this.answers.ask(id);
      await this.#send([initializeLine(id)]);
      await this.#answered();
      if (!this.answers.isError(id)) {
        await this.#send([INITIALIZED]);
        return true;
      }
    }
    return false;
  }

  async #send(lines: string[]): Promise<void> {
    this.sent.push(...lines);
    try {
      await this.#km.stdin.write(`${lines.join("\n")}\n`);
      await this.#km.stdin.flush();
    } catch {
      // km is gone
    }
  }

  /** For as long as anybody waits. */
  async #answered(): Promise<void> {
    const late = Bun.sleep(PATIENCE_MS).then(() => "late" as const);
    while (!this.#isOver && this.answers.open.length > 0) {
      if ((await Promise.race([this.#wake.promise, late])) === "late") return;
    }
  }

  async #receive(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#km.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        this.received.push(line);
        this.answers.take(line);
      }
      this.#news();
    }
    this.#isOver = true;
    this.#news();
  }

  #news(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}
