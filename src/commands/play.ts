/** `km __play FILE`: stands in for a server and plays a recording. Started by `km monitor --debug-replay`. */
import { defineCommand } from "../command.ts";
import { cannotRead, play, readSteps } from "../mcp/play.ts";

export default defineCommand({
  meta: { name: "__play", description: "Play a file of JSON-RPC lines as a server" },
  args: { file: { type: "positional", required: true, description: "The recording" } },
  async run({ file }) {
    const steps = readSteps(await readFile(file), file);
    const output = Bun.stdout.writer();
    await play(steps, console, async (line) => {
      await output.write(line);
      await output.flush();
    });
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
