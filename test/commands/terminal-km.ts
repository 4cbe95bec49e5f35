/** Runs km on a terminal of its own, to see what people see. */
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../../src/main.ts");

export class TerminalKm implements AsyncDisposable {
  readonly #process: Bun.Subprocess;
  readonly #changed: (() => void)[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #output = "";

  constructor(dataFolder: string, words: string[], env: Record<string, string> = {}, columns = 100) {
    const decoder = new TextDecoder();
    this.#process = Bun.spawn([process.execPath, MAIN, ...words], {
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: dataFolder,
        KM_DATA_DIR: dataFolder,
        KM_CONFIG_DIR: dataFolder,
        TZ: "UTC",
        NO_COLOR: "1",
        PAGER: "",
        TERM: "xterm",
        ...env,
      },
      terminal: {
        cols: columns,
        rows: 24,
        data: (_, bytes) => {
          this.#output += decoder.decode(bytes, { stream: true });
          for (const wake of this.#changed.splice(0)) wake();
        },
        exit: () => this.#closed.resolve(),
      },
    });
  }

  /** What was shown so far, once it holds the text so many times. */
  async shown(text: string, times = 1): Promise<string> {
    while (this.#output.split(text).length <= times) await new Promise<void>((resolve) => this.#changed.push(resolve));
    return this.#output.replaceAll("\r\n", "\n");
  }

  type(keys: string): void {
    this.#process.terminal?.write(keys);
  }

  /** The exit code, when all that was shown has been read too. */
  get exited(): Promise<number> {
    return this.#closed.promise.then(() => this.#process.exited);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    this.#process.terminal?.close();
  }
}
