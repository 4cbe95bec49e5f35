/** `lineInput`: where the lines of a conversation come from: a terminal, one that knows no movements, or a pipe. */
import { createInterface, type Interface } from "node:readline";
import type { Asker } from "./asker.ts";

export type Typed =
  | { kind: "line"; text: string }
  /** Ctrl-C; `text` is what stood there. */
  | { kind: "interrupt"; text: string }
  | { kind: "end" };

/** What may stand in place of the last `length` characters before the cursor. */
export interface Completions {
  candidates: string[];
  length: number;
}

export interface ReadOptions {
  complete?: ((line: string) => Promise<Completions>) | undefined;
  /** The newest first. */
  history?: string[] | undefined;
  signal?: AbortSignal | undefined;
}

export interface LineInput {
  /** Somebody types there, and sees what is asked. */
  isTerminal: boolean;
  read(prompt: string, options?: ReadOptions): Promise<Typed>;
  /** Writes something while a line may be being typed. */
  above(write: () => void): void;
  /** Nothing is read any more: the line that is being typed, and all others, are the end. */
  stop(): void;
  /** As Ctrl-C where the terminal makes a signal of it. */
  interrupt(): void;
  close(): void;
}

/** The prompt and what is typed go to stderr. */
export function lineInput(): LineInput {
  return process.stdin.isTTY && process.stderr.isTTY ? new TerminalLines() : new PipedLines();
}

/** Only what is asked by the server or by a form; Ctrl-C and the end of input are no answer. */
export function askerOf(input: LineInput): Asker {
  return {
    async ask(question, { choices = [], signal } = {}) {
      const complete = (line: string): Promise<Completions> =>
        Promise.resolve({ candidates: choices.filter((one) => one.startsWith(line)), length: line.length });
      const typed = await input.read(question, { complete, history: [], signal });
      return typed.kind === "line" ? typed.text.trim() : undefined;
    },
    tell: (text) => input.above(() => process.stderr.write(`${text}\n`)),
  };
}

/** A reader for each line: while none is read, the terminal is as it was, and Ctrl-C a signal. */
class TerminalLines implements LineInput {
  readonly isTerminal = true;
  readonly #isPlain = process.env["TERM"] === "dumb";
  #reader: Interface | undefined;
  #settle: ((typed: Typed) => void) | undefined;
  #isStopped = false;

  async read(prompt: string, { complete, history = [], signal }: ReadOptions = {}): Promise<Typed> {
    if (this.#isStopped || signal?.aborted) return { kind: "end" };
    const { promise, resolve } = Promise.withResolvers<Typed>();
    const reader: Interface = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: !this.#isPlain,
      history: [...history],
      historySize: 1000,
      removeHistoryDuplicates: true,
      prompt,
      ...(complete === undefined
        ? {}
        : { completer: completer(complete, () => (this.#reader === reader ? reader : undefined)) }),
    });
    [this.#reader, this.#settle] = [reader, resolve];
    reader.once("line", (text) => resolve({ kind: "line", text }));
    reader.once("close", () => resolve({ kind: "end" }));
    reader.once("SIGINT", () => resolve({ kind: "interrupt", text: reader.line }));
    const stop = (): void => resolve({ kind: "end" });
    signal?.addEventListener("abort", stop, { once: true });
    reader.prompt();
    if (process.stdin.readableEnded) stop();
    const typed = await promise;
    signal?.removeEventListener("abort", stop);
    this.#reader = undefined;
    this.#settle = undefined;
    reader.close();
    if (typed.kind !== "line") process.stderr.write(typed.kind === "interrupt" ? "^C\n" : "\n");
    return typed;
  }

  above(write: () => void): void {
    const reader = this.#reader;
    if (reader === undefined || this.#isPlain) {
      write();
      return;
    }
    process.stderr.write("\r\x1b[J");
    write();
    reader.prompt(true);
  }

  stop(): void {
    this.#isStopped = true;
    this.#settle?.({ kind: "end" });
  }

  interrupt(): void {
    this.#settle?.({ kind: "interrupt", text: this.#reader?.line ?? "" });
  }

  close(): void {
    this.#reader?.close();
  }
}

type Callback = (error: Error | null, result: [string[], string]) => void;

/** @param current the reader, for as long as it reads: what has ended meanwhile cannot be told */
function completer(
  complete: (line: string) => Promise<Completions>,
  current: () => Pick<Interface, "line" | "cursor"> | undefined,
): (line: string, callback: Callback) => void {
  const answer = async (line: string): Promise<[string[], string]> => {
    try {
      const { candidates, length } = await complete(line);
      return [candidates, line.slice(line.length - length)];
    } catch {
      return [[], ""]; // the server is gone, which the conversation will say
    }
  };
  return (line, callback) => {
    const tell = async (): Promise<void> => {
      const found = await answer(line);
      const reader = current();
      if (reader === undefined) return;
      // What was typed on meanwhile, or completed by a Tab before, is another line.
      callback(null, reader.line.slice(0, reader.cursor) === line ? found : [[], ""]);
    };
    void tell();
  };
}

/** A line is a command, or the answer to a question. */
class PipedLines implements LineInput {
  readonly isTerminal = false;
  readonly #reader = createInterface({ input: process.stdin, terminal: false, crlfDelay: Infinity });
  readonly #lines = this.#reader[Symbol.asyncIterator]();
  #settle: ((typed: Typed) => void) | undefined;
  #isStopped = false;

  async read(_prompt: string, { signal }: ReadOptions = {}): Promise<Typed> {
    if (this.#isStopped || signal?.aborted) return { kind: "end" };
    const { promise, resolve } = Promise.withResolvers<Typed>();
    this.#settle = resolve;
    const next = this.#lines.next().then(({ done, value }): Typed => {
      return done ? { kind: "end" } : { kind: "line", text: value };
    });
    const stop = (): void => resolve({ kind: "end" });
    signal?.addEventListener("abort", stop, { once: true });
    const typed = await Promise.race([promise, next]);
    signal?.removeEventListener("abort", stop);
    this.#settle = undefined;
    return typed;
  }

  above(write: () => void): void {
    write();
  }

  stop(): void {
    this.#isStopped = true;
    this.#settle?.({ kind: "end" });
  }

  interrupt(): void {
    this.#settle?.({ kind: "interrupt", text: "" });
  }

  close(): void {
    this.#reader.close();
    process.stdin.destroy(); // a pipe that stays open would keep km from ending
  }
}
