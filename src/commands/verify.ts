/** `km verify SESSION [FILTER...] -- <command>`: whether a server still answers as recorded, for CI. */
import { defineCommand } from "../command.ts";
import { config } from "../context.ts";
import { KmError, systemReason } from "../errors.ts";
import { duration } from "../log/query.ts";
import type { ReplayResult } from "../mcp/replay-result.ts";
import { parseFilter } from "../stream/filter.ts";
import { comparisonOf } from "../verify/comparison.ts";
import { junitReport } from "../verify/junit.ts";
import {
  comparisonFlags,
  recordedRequests,
  replayTarget,
  requestsPositionals,
  runReplay,
  targetFlags,
} from "./replayed.ts";
import { replayReport } from "./replay-report.ts";

/** What says what a server offers. */
const DEFINITIONS = new Set([
  "initialize",
  "server/discover",
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
]);

export default defineCommand({
  meta: { name: "verify", description: "Check that a server still answers as it did in a recorded session" },
  rest: "<command> [args...]",
  args: {
    ...requestsPositionals,
    ...targetFlags,
    ignore: {
      type: "string",
      repeat: true,
      valueHint: "path",
      description: "What may differ, as result.content[*].text or **.timestamp; may be repeated",
    },
    shape: { type: "boolean", description: "Compare how answers are built, not the values in them" },
    definitions: { type: "boolean", description: "Compare only what the server offers: it is asked for nothing else" },
    junit: { type: "string", valueHint: "file", description: "Write a report for CI there", complete: "file" },
    ...comparisonFlags,
  },
  examples: [
    "km verify files -- node build/server.js",
    "km verify last --definitions --ignore result.serverInfo.version --url https://staging.example.com/mcp",
    "km verify ./test/recorded --shape --junit report.xml --use files",
  ],
  async run(args, rest) {
    const timeoutMs = duration("--timeout", args.timeout);
    const filter = parseFilter(args.filter);
    const compare = comparisonOf({ onlyShape: args.shape, ignore: args.ignore });
    const server = await replayTarget(args, rest, "km verify last");
    const recorded = await recordedRequests(
      args.session,
      "verify against",
      (entry) => (!args.definitions || DEFINITIONS.has(entry.method ?? "")) && filter(entry),
    );
    const { kill_timeout: killTimeoutMs } = (await config()).values.monitor;
    const report = await replayReport(recorded.plan, { asJson: args.json, onlyDifferences: args["only-differences"] });
    const results: ReplayResult[] = [];
    const take = async (result: ReplayResult): Promise<boolean> => {
      results.push(result);
      return (await report.add(result)) || args.junit !== undefined;
    };
    try {
      const code = await runReplay(recorded, server, { timeoutMs, killTimeoutMs, compare, take });
      await report.end();
      return code;
    } finally {
      await report.close();
      // What was found until then is of use where it could not be finished, too.
      if (args.junit !== undefined) await write(args.junit, junitReport(recorded.session.info.name, results));
    }
  },
});

async function write(file: string, text: string): Promise<void> {
  try {
    await Bun.write(file, text);
  } catch (error) {
    throw new KmError("USAGE", `Cannot write ${file}: ${systemReason(error)}`, { exitCode: 1, cause: error });
  }
}
