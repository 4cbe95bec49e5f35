/** `playRound`: does what the plan of a round says, and tells what was violated. */
import type { Plan } from "./plan.ts";
import { playRemotes } from "./rounds/play-remotes.ts";
import { playSessions } from "./rounds/play-sessions.ts";
import { playUpdates } from "./rounds/play-updates.ts";
import { playWraps } from "./rounds/play-wraps.ts";

/** @param note takes what is done, line by line */
export async function playRound(plan: Plan, note: (line: string) => void): Promise<string[]> {
  try {
    switch (plan.kind) {
      case "sessions":
        return await playSessions(plan, note);
      case "remotes":
        return await playRemotes(plan, note);
      case "wraps":
        return await playWraps(plan, note);
      case "updates":
        return await playUpdates(plan, note);
    }
  } catch (error) {
    return [`the round failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
}
