/** `km __sqlite`: one statement on a SQLite file, for another km, which ends this process when it takes too long. */
import * as v from "valibot";
import { defineCommand } from "../command.ts";

export default defineCommand({
  meta: { name: "sqlite", description: "Ask a SQLite file" },
  args: { parent: { type: "string", description: "id of the process to end with" } },
  async run({ parent }) {
    if (parent !== undefined) {
      const { endWithParent } = await import("../auth/end-with-parent-linux.ts");
      endWithParent(Number(parent));
    }
    const { SQLITE_REQUEST } = await import("../services/database/sqlite/request.ts");
    const { answerRequest } = await import("../services/database/sqlite/answer-request.ts");
    const request = v.parse(SQLITE_REQUEST, JSON.parse(await Bun.stdin.text()));
    await Bun.write(Bun.stdout, JSON.stringify(answerRequest(request)));
    return 0;
  },
});
