/** `km __plugins`: the plugin host, which `km monitor` starts and tells by stdin what to do. */
import { defineCommand } from "../command.ts";
import { messageOf } from "../errors.ts";
import type { Assignment, HostLine } from "../plugin/host/assignment.ts";
import { runHost } from "../plugin/host/host.ts";
import { takeLine } from "../plugin/host/take-line.ts";

/** Lines for the console that km has not taken. */
const MOST_WAITING = 1000;

export default defineCommand({
  meta: { name: "__plugins", description: "Look after the plugins of a session" },
  args: {},
  async run() {
    const { line, rest } = await takeLine(Bun.stdin.stream());
    if (line === undefined) return 0; // km has gone before it said anything
    const output = Bun.stdout.writer();
    let writing: Promise<unknown> = Promise.resolve();
    let waiting = 0;
    const say = (said: HostLine): void => {
      if (waiting >= MOST_WAITING && "print" in said) return; // km does not take them fast enough
      waiting++;
      const write = async (): Promise<void> => {
        await output.write(`${JSON.stringify(said)}\n`);
        await output.flush();
      };
      // Where it fails, km has ended, and nobody is there to be told.
      writing = writing
        .then(write)
        .catch(() => undefined)
        .finally(() => waiting--);
    };
    let exitCode = 0;
    try {
      await runHost(JSON.parse(line) as Assignment, rest, say); // km's own words
    } catch (error) {
      exitCode = 1; // km starts another one
      say({ level: "debug", say: `The plugin host failed: ${messageOf(error)}` });
    }
    await Promise.race([writing, Bun.sleep(100)]);
    process.exit(exitCode); // a pipe that nobody reads would keep the process
  },
});
