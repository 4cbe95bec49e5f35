/** One line to stderr, without process.stderr: loading Node's streams and terminals costs 3 ms and some megabytes. */
import { writeSync } from "node:fs";

export function sayLine(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    return; // nobody listens
  }
}
