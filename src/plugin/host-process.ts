/**
 * `HostProcess`: the plugin host of a session as a child of `km monitor`: told what to do, asked about messages, started
 * again where it fails.
 */
import type { LogLevel } from "../config/keys.ts";
import { messageOf } from "../errors.ts";
import { encodeLine } from "../journal/line.ts";
import { pause } from "../process/pause.ts";
import { selfCommand } from "../self.ts";
import type { StreamEvent } from "../stream/event.ts";
import type { HeldMessage, Verdict } from "../stream/verdict.ts";
import { printable } from "../terminal.ts";
import { LineSplitter } from "../wire/lines.ts";
import { type Assignment, type HostLine, LONGEST_LINE, type Question } from "./host/assignment.ts";
import { counted } from "../counted.ts";

interface HostEvents {
  say(level: LogLevel, text: string): void;
  loaded(text: string): void;
  print(text: string): void;
}

/** A host that ends by itself while the session runs is started again so many times. */
const MOST_RESTARTS = 3;
/** Where nothing is recorded: what may wait for a host that is slow. */
const MOST_WAITING_CHARACTERS = 8 << 20;
const MOST_SAID = 2000;
/** How long the last of it may keep km from ending. */
const LAST_WRITE_MS = 200;

export class HostProcess {
  readonly #assignment: Assignment;
  readonly #events: HostEvents;
  #child: Bun.Subprocess<"pipe", "pipe", "ignore"> | undefined;
  #restarts = 0;
  #ended = false;
  /** The host has found no plugin that could be started. */
  #hasNothingToDo = false;
  #waiting = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Events that the host has not taken: they wait, or there was no room for them. */
  #undelivered = 0;
  #questions = 0;
  readonly #asked = new Map<number, (verdict: Verdict | undefined) => void>();

  private constructor(assignment: Assignment, events: HostEvents) {
    this.#assignment = assignment;
    this.#events = events;
  }

  /** Undefined where it cannot be started: the session runs without plugins. */
  static start(assignment: Assignment, events: HostEvents): HostProcess | undefined {
    const host = new HostProcess(assignment, events);
    return host.#start() ? host : undefined;
  }

  /** The next event. What the host does not take in time is lost to it. */
  append(event: StreamEvent): void {
    if (this.#hasNothingToDo) return;
    const line = encodeLine(event);
    this.#undelivered++;
    const hasRoom = this.#waiting === 0 || this.#waiting + line.length <= MOST_WAITING_CHARACTERS;
    if (hasRoom || event.type === "server_stop") this.#write(line, () => this.#undelivered--);
  }

  /** Undefined where the host goes away before it has answered. */
  ask(asked: HeldMessage): Promise<Verdict | undefined> {
    if (this.#child === undefined || this.#waiting > MOST_WAITING_CHARACTERS) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<Verdict | undefined>();
    const question: Question = { intercept: ++this.#questions, asked };
    this.#asked.set(question.intercept, resolve);
    this.#write(`${JSON.stringify(question)}\n`);
    return promise;
  }

  async end(): Promise<void> {
    this.#ended = true;
    if (this.#waiting > 0) await Promise.race([this.#writing, pause(LAST_WRITE_MS)]);
    const lost = this.#hasNothingToDo ? 0 : this.#undelivered;
    if (lost > 0) this.#events.say("warn", `${counted(lost, "event")} did not reach the plugins`);
    try {
      void this.#child?.stdin.end();
    } catch {
      return; // it has gone already
    }
  }

  #start(): boolean {
    try {
      const child = Bun.spawn(selfCommand(["__plugins"]), {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "ignore",
        cwd: "/",
        // Not in km's group: what ends km's group must not keep the plugins from getting the rest.
        detached: true,
        windowsHide: true,
        onExit: (_child, code) => this.#exited(code),
      });
      child.unref();
      this.#child = child;
      this.#write(`${JSON.stringify(this.#assignment)}\n`);
      void this.#read(child.stdout);
      return true;
    } catch (error) {
      this.#events.say("warn", `Cannot load plugins: ${messageOf(error)}`);
      return false;
    }
  }

  #exited(code: number | null): void {
    for (const resolve of this.#asked.values()) resolve(undefined);
    this.#asked.clear();
    this.#child = undefined;
    if (code === 0) this.#hasNothingToDo = true;
    if (this.#ended || code === 0) return;
    if (this.#restarts++ < MOST_RESTARTS) this.#start();
    else this.#events.say("warn", `The plugins of this session have ended: their host failed ${this.#restarts} times`);
  }

  #write(text: string, written: () => void = () => undefined): void {
    this.#waiting += text.length;
    this.#writing = this.#writeAfter(this.#writing, text, this.#child?.stdin, written);
  }

  async #writeAfter(
    before: Promise<void>,
    text: string,
    input: Bun.FileSink | undefined,
    written: () => void,
  ): Promise<void> {
    await before;
    try {
      if (input !== undefined) {
        await input.write(text);
        await input.flush();
        written();
      }
    } catch {
      // It has gone.
    }
    this.#waiting -= text.length;
  }

  async #read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    const lines = new LineSplitter(LONGEST_LINE, (bytes, _size, omitted) => {
      if (omitted === 0) this.#line(decoder.decode(bytes));
    });
    try {
      for await (const chunk of stdout) lines.push(chunk);
    } catch {
      // A pipe that breaks has ended.
    }
  }

  #line(text: string): void {
    let line: HostLine;
    try {
      line = JSON.parse(text) as HostLine; // the host's own words
    } catch {
      return; // cut short by its death
    }
    if ("answered" in line) {
      this.#asked.get(line.answered)?.(line.verdict);
      this.#asked.delete(line.answered);
    } else if ("say" in line) this.#events.say(line.level, printable(line.say.slice(0, MOST_SAID)));
    else if ("loaded" in line) this.#events.loaded(printable(line.loaded.slice(0, MOST_SAID)));
    else this.#events.print(line.print);
  }
}
