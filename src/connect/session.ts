/** `ConnectSession`: reads lines, carries out what they say, one after the other, until somebody leaves. */
import { closest } from "../closest.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import type { CallOptions } from "../mcp/client.ts";
import type { Answer } from "../mcp/answer.ts";
import { printable } from "../terminal.ts";
import type { Asker } from "./asker.ts";
import { COMMANDS, type InteractiveCommand, isLeaving } from "./commands.ts";
import { completeLine } from "./complete-line.ts";
import { askerOf } from "./line-input.ts";
import { splitWords } from "./split-words.ts";
import type { Talk, TalkOptions } from "./talk.ts";

const PROMPT = "> ";
const INTERRUPTED = 130;

export class ConnectSession implements Talk {
  readonly options: TalkOptions;
  output = "text";
  #isFailed = false;
  #running: AbortController | undefined;

  constructor(options: TalkOptions) {
    this.options = options;
  }

  /** Ctrl-C, where the terminal makes a signal of it: it ends the request that runs, or is as if typed. */
  interrupt(): void {
    if (this.#running === undefined) this.options.input.interrupt();
    else this.#running.abort("interrupted");
  }

  /** @returns the exit code */
  async run(): Promise<number> {
    const { input, history, connected, catalog } = this.options;
    const { client } = connected;
    const commands = new Map(COMMANDS.map(({ name, completes }) => [name, completes] as const));
    let end: (Answer & { kind: "none" }) | undefined;
    const watch = async (): Promise<void> => {
      end = await client.over;
      input.stop(); // a form that is being filled in is for nobody any more
    };
    void watch();
    for (let interruptions = 0; ;) {
      const typed = await input.read(PROMPT, {
        complete: (line) => completeLine(line, { client, catalog, commands }),
        history: history.newestFirst,
      });
      if (end !== undefined) {
        await connected.resultOf(end, "The server is gone"); // throws
        return 1;
      }
      if (typed.kind === "end") break;
      if (typed.kind === "interrupt") {
        if (!input.isTerminal) return INTERRUPTED;
        interruptions = typed.text === "" ? interruptions + 1 : 0;
        if (interruptions > 1) return INTERRUPTED;
        if (interruptions === 1) this.note("Ctrl-C again, Ctrl-D or quit leaves");
        continue;
      }
      interruptions = 0;
      const line = typed.text.trim();
      if (line === "" || line.startsWith("#")) continue;
      history.add(line);
      if (isLeaving(line)) break;
      await this.#carryOut(line);
    }
    return this.#isFailed && !input.isTerminal ? 1 : 0;
  }

  /** For people. */
  note(text: string): void {
    this.options.input.above(() => process.stderr.write(`${text}\n`));
  }

  async data(text: string): Promise<void> {
    await this.options.print(text);
  }

  /** A request that Ctrl-C takes back, with its progress shown. */
  async request(
    send: (options: CallOptions) => Promise<Answer>,
    what: string,
  ): Promise<Extract<Answer, { kind: "result" }>> {
    const running = new AbortController();
    const { progress, endProgress, timeoutMs, connected } = this.options;
    this.#running = running;
    try {
      const answer = await send({ ...progress, signal: running.signal, timeoutMs });
      endProgress();
      if (running.signal.aborted && answer.kind === "none")
        throw new KmError("USAGE", `${what}: interrupted`, { exitCode: 1 });
      return await connected.resultOf(answer, what);
    } finally {
      endProgress();
      this.#running = undefined;
    }
  }

  /** While a form is filled in, Ctrl-C is for the form. */
  get asker(): Asker {
    return askerOf(this.options.input);
  }

  fail(): void {
    this.#isFailed = true;
  }

  async #carryOut(line: string): Promise<void> {
    try {
      const words = splitWords(line);
      if (words === undefined) throw new KmError("USAGE", "A quote is not closed");
      const [first] = words;
      await findCommand(first?.text ?? "").run(this, words.slice(1), line);
    } catch (error) {
      if (!(error instanceof KmError)) throw error;
      this.#isFailed = true;
      this.note(`km: ${printable(error.message)}`);
      if (error.hint !== undefined) this.note(`    ${printable(error.hint)}`);
    }
  }
}

function findCommand(word: string): InteractiveCommand {
  const found = COMMANDS.find(({ name }) => name === word.toLowerCase());
  if (found !== undefined) return found;
  const nearest = closest(
    word,
    COMMANDS.map(({ name }) => name),
  );
  throw new KmError("USAGE", `Unknown command ${echoed(word)}`, {
    hint: nearest === undefined ? "See help." : `Did you mean ${nearest}?`,
  });
}
