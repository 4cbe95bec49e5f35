/** `km replay SESSION [FILTER...] -- <command>`: sends recorded requests to a fresh server and compares its answers. */
import { defineCommand } from "../command.ts";
import { config } from "../context.ts";
import { duration } from "../log/query.ts";
import { compareAnswers } from "../mcp/compare-answers.ts";
import { parseFilter } from "../stream/filter.ts";
import {
  comparisonFlags,
  recordedRequests,
  replayTarget,
  requestsPositionals,
  runReplay,
  targetFlags,
} from "./replayed.ts";
import { replayReport } from "./replay-report.ts";

export default defineCommand({
  meta: { name: "replay", description: "Send a session's requests to a fresh server and compare the answers" },
  rest: "<command> [args...]",
  args: {
    ...requestsPositionals,
    ...targetFlags,
    ...comparisonFlags,
  },
  examples: [
    "km replay last -- node build/server.js",
    "km replay files tool:read_file --only-differences -- npx -y some-server@next ~/Documents",
    "km replay last --url https://staging.example.com/mcp",
  ],
  async run(args, rest) {
    const timeoutMs = duration("--timeout", args.timeout);
    const filter = parseFilter(args.filter);
    const server = await replayTarget(args, rest, "km replay last");
    const recorded = await recordedRequests(args.session, "replay", filter);
    const { kill_timeout: killTimeoutMs } = (await config()).values.monitor;
    const report = await replayReport(recorded.plan, { asJson: args.json, onlyDifferences: args["only-differences"] });
    try {
      const code = await runReplay(recorded, server, {
        timeoutMs,
        killTimeoutMs,
        compare: compareAnswers,
        take: async (result) => await report.add(result),
      });
      await report.end();
      return code;
    } finally {
      await report.close();
    }
  },
});
