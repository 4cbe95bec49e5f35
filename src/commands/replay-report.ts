/** `replayReport`: the results of a replay on stdout, as they come. */
import { replayRows, replaySummary } from "../log/replay-rows.ts";
import type { ReplayResult } from "../mcp/replay-result.ts";
import type { ReplayPlan } from "../mcp/replay.ts";
import { stdout } from "../output.ts";
import { colours, terminalWidth } from "../terminal.ts";

export interface ReplayReport {
  /** False when nobody reads any more. */
  add(result: ReplayResult): Promise<boolean>;
  /** Says how many there were. */
  end(): Promise<void>;
  close(): Promise<void>;
}

export async function replayReport(
  plan: ReplayPlan,
  { asJson, onlyDifferences }: { asJson: boolean; onlyDifferences: boolean },
): Promise<ReplayReport> {
  const counts: Record<ReplayResult["outcome"], number> = { same: 0, different: 0, failed: 0, skipped: 0 };
  const print = asJson ? jsonLine : replayRows(plan, await colours(process.stdout), terminalWidth());
  const output = stdout();
  return {
    async add(result) {
      counts[result.outcome]++;
      if (onlyDifferences && result.outcome === "same") return true;
      return await output.write(print(result));
    },
    async end() {
      if (!asJson) await output.write(replaySummary(counts));
    },
    close: async () => await output.close(),
  };
}

function jsonLine(result: ReplayResult): string {
  return `${JSON.stringify(result)}\n`;
}
