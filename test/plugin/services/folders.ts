/** A temporary folder for a test, and what stands in it as text. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "km-services-"));

  /** The lines of a file, parsed. */
  async lines(name: string): Promise<Record<string, unknown>[]> {
    const text = await Bun.file(join(this.path, name)).text();
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Runs a program of a test in a process of its own, with the arguments as `process.argv.slice(2)`. */
export async function runProgram(file: string, ...words: string[]): Promise<string> {
  const child = Bun.spawn([process.execPath, file, ...words], { stdout: "pipe", stderr: "inherit" });
  const output = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`${file} ended with ${child.exitCode}`);
  return output;
}
