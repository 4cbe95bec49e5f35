/** `km __play FILE`: stands in for a server and plays a recording. Started by `km monitor --debug-replay`. */
import { defineCommand } from "../command.ts";
import { cannotRead, playFile, readSteps } from "../mock/play-file.ts";
import { writeLine } from "../mock/write-line.ts";

export default defineCommand({
  meta: { name: "__play", description: "Play a file of JSON-RPC lines as a server" },
  args: { file: { type: "positional", required: true, description: "The recording" } },
  async run({ file }) {
    await playFile(readSteps(await readFile(file), file), console, writeLine);
    return 0;
  },
});

async function readFile(file: string): Promise<string> {
  try {
    return await Bun.file(file).text();
  } catch (error) {
    throw cannotRead(file, error);
  }
}
