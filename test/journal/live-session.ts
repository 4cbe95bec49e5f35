/** A session that a real process writes, line by line as the test says. */
import { join } from "node:path";

export class LiveSession implements AsyncDisposable {
  readonly #process;

  private constructor(folder: string) {
    this.#process = Bun.spawn([process.execPath, join(import.meta.dir, "../fixtures/journal-writer.ts"), folder], {
      stdin: "pipe",
      stdout: "pipe",
    });
  }

  /** Resolves when the writer has made the folder and `session.json`. */
  static async start(folder: string): Promise<LiveSession> {
    const session = new LiveSession(folder);
    await session.#process.stdout.getReader().read();
    return session;
  }

  async append(file: string, text: string): Promise<void> {
    await this.#process.stdin.write(`${JSON.stringify({ file, text })}\n`);
    await this.#process.stdin.flush();
  }

  /** Ends as a crash does: nothing more is written. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
