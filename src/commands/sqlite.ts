/** `km __sqlite`: statements on SQLite files for another km, which ends this process when one takes too long. */
import { defineCommand } from "../command.ts";

export default defineCommand({
  meta: { name: "sqlite", description: "Ask a SQLite file" },
  args: { parent: { type: "string", description: "id of the process to end with" } },
  async run({ parent }) {
    if (parent !== undefined) {
      const { endWithParent } = await import("../auth/end-with-parent-linux.ts");
      endWithParent(Number(parent));
    }
    const { answerRequests } = await import("../services/database/sqlite/answer-requests.ts");
    const stdout = Bun.stdout.writer();
    await answerRequests(Bun.stdin.stream(), (line) => {
      void stdout.write(`${line}\n`);
      void stdout.flush();
    });
    await stdout.end();
    return 0;
  },
});
