/** `km __files`: works with files for another km, which ends this process when a call takes too long. */
import { defineCommand } from "../command.ts";

export default defineCommand({
  meta: { name: "files", description: "Work with files" },
  args: { parent: { type: "string", description: "id of the process to end with" } },
  async run({ parent }) {
    if (parent !== undefined) {
      const { endWithParent } = await import("../auth/end-with-parent-linux.ts");
      endWithParent(Number(parent));
    }
    const { answerCalls } = await import("../services/filesystem/processes/answer-calls.ts");
    const stdout = Bun.stdout.writer();
    await answerCalls(Bun.stdin.stream(), (reply) => {
      void stdout.write(`${JSON.stringify(reply)}\n`);
      void stdout.flush();
    });
    await stdout.end();
    return 0;
  },
});
