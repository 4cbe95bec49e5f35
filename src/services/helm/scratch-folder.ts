/** `ScratchFolder`: an empty folder for one call, that nobody else may look into, and that is gone afterwards. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class ScratchFolder implements AsyncDisposable {
  readonly path: string;
  #files = 0;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<ScratchFolder> {
    return new ScratchFolder(await mkdtemp(join(tmpdir(), "km-helm-")));
  }

  /** @returns where it is */
  async write(text: string): Promise<string> {
    const file = join(this.path, `.km-${++this.#files}`);
    await writeFile(file, text, { mode: 0o600, flag: "wx" });
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
