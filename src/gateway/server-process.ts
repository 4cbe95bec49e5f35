/** `ServerProcess`: one run of the server with its recorder, a message a line on its stdin and stdout. */
import { pause } from "../process/pause.ts";
import { LineSplitter } from "../wire/lines.ts";
import { isJson } from "./body-messages.ts";
import { readSaid } from "./read-said.ts";

export interface ServerProcessEvents {
  /** @returns a promise where nothing more is to be read before */
  line(text: string): void | Promise<void>;
  /** Nothing more comes. */
  ended(): void;
}

export interface ServerCommand {
  command: string[];
  env: Record<string, string | undefined>;
  /** The first bytes that it gets on stdin, before any line. */
  opening?: string | undefined;
  /** How long each step of ending it may take. */
  killTimeoutMs: number;
  /** Who counts its runs. */
  watch?: ServerWatch | undefined;
  /** Told of each line on its stderr, which goes to the stderr of km otherwise. */
  said?: ((line: string) => void) | undefined;
}

export interface ServerWatch {
  started(): void;
  /** @param isFailure it has ended by itself */
  ended(durationMs: number, isFailure: boolean): void;
}

const LONGEST_LINE = 256 << 20;
/** What may wait for a server that does not read. */
const MOST_WAITING = 64 << 20;
/** The recorder ends the server in three steps, and then itself. */
const STEPS = 4;
const LONG_LINE = 4096;
/** For what it said last. */
const SAID_MS = 500;

export class ServerProcess {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe" | "inherit">;
  readonly #said: Promise<void> | undefined;
  readonly #killTimeoutMs: number;
  #waiting = 0;
  #isOver = false;
  #isEnding = false;
  /** Ends the wait for who reads what came. */
  #letGo: (() => void) | undefined;

  constructor({ command, env, opening, killTimeoutMs, watch, said }: ServerCommand, events: ServerProcessEvents) {
    // In a group of its own: Ctrl-C in a terminal is for the gateway alone, which ends it in order.
    this.#child = Bun.spawn(command, {
      env,
      stdin: "pipe",
      stdout: "pipe",
      stderr: said === undefined ? "inherit" : "pipe",
      detached: true,
      windowsHide: true,
    });
    this.pid = this.#child.pid;
    this.exited = this.#child.exited;
    this.#killTimeoutMs = killTimeoutMs;
    this.#said = said && this.#child.stderr && readSaid(this.#child.stderr, said);
    if (opening !== undefined) void this.#write(opening);
    watch?.started();
    const startedAt = performance.now();
    void this.exited.then(() => watch?.ended(performance.now() - startedAt, !this.#isEnding));
    void this.#read(events);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** So many lines wait already that no more can be taken. */
  get isFull(): boolean {
    return this.#waiting > MOST_WAITING;
  }

  /** Resolves when it is on its way; never throws: a server that has ended says so otherwise. */
  async send(line: string): Promise<void> {
    // To put a line feed behind a long line would copy all of it. Another line must not come between.
    await (line.length > LONG_LINE ? this.#write(line, "\n") : this.#write(`${line}\n`));
  }

  async #write(...texts: string[]): Promise<void> {
    const { stdin } = this.#child;
    const size = texts.reduce((sum, text) => sum + text.length, 0);
    this.#waiting += size;
    try {
      const written = texts.map((text) => stdin.write(text));
      if (written.some((count) => typeof count !== "number")) await Promise.all(written);
      const flushed = stdin.flush();
      if (typeof flushed !== "number") await flushed;
    } catch {
      // It reads no more.
    } finally {
      this.#waiting -= size;
    }
  }

  /** Its input ends, which ends it; what does not end by itself is ended. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#letGo?.();
    try {
      void Promise.resolve(this.#child.stdin.end()).catch(() => undefined);
    } catch {
      // It has ended.
    }
    await this.#exit();
    // What it has left running may hold its stderr open.
    await Promise.race([this.#said, pause(SAID_MS)]);
  }

  async #exit(): Promise<void> {
    if (await this.#exitedWithin(this.#killTimeoutMs * STEPS + 1000)) return;
    this.#child.kill("SIGTERM");
    if (await this.#exitedWithin(this.#killTimeoutMs * STEPS)) return;
    this.#child.kill("SIGKILL"); // its watchdog ends the server
    await this.exited;
  }

  async #exitedWithin(ms: number): Promise<boolean> {
    return await Promise.race([this.exited.then(() => true), pause(ms).then(() => false)]);
  }

  async #read(events: ServerProcessEvents): Promise<void> {
    let lines: string[] = [];
    /** What still comes from a server that is about to end waits for nobody. */
    let isUnread = false;
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const splitter = new LineSplitter(LONGEST_LINE, (bytes, _size, omitted) => {
      if (bytes.length > 0 && omitted === 0) lines.push(decoder.decode(bytes));
    });
    const reader = this.#child.stdout.getReader();
    try {
      for (;;) {
        const { value } = await reader.read();
        if (value === undefined) break;
        splitter.push(value);
        const complete = lines;
        lines = [];
        for (const line of complete) {
          if (isUnread && this.#isEnding) break;
          const waiting = events.line(line);
          isUnread = waiting !== undefined;
          if (waiting !== undefined && !this.#isEnding) await this.#unlessEnding(waiting);
        }
      }
      splitter.end();
      const [last] = lines;
      // Without its line feed it may have been cut off.
      if (last !== undefined && isJson(last)) void events.line(last);
    } catch {
      // What cannot be read any more has ended.
    }
    this.#isOver = true;
    events.ended();
  }

  async #unlessEnding(waiting: Promise<void>): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#letGo = resolve;
      void waiting.then(resolve);
    });
    this.#letGo = undefined;
  }
}
