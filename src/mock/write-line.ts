/** `writeLine`: one line on stdout, for a command that stands in for a server. */
import { systemCode } from "../errors.ts";

let output: ReturnType<typeof Bun.stdout.writer> | undefined;

/** @param text without its line feed; where nobody reads any more, it is lost, as that of a server would be */
export async function writeLine(text: string): Promise<void> {
  output ??= Bun.stdout.writer();
  try {
    await output.write(`${text}\n`);
    await output.flush();
  } catch (error) {
    if (systemCode(error) !== "EPIPE") throw error;
  }
}
