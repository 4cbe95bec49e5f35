/** `planRound`: what is done in a round, as a value that follows from the seed and the round's number alone. */
import { planSessions, type SessionsPlan } from "./rounds/plan-sessions.ts";
import { planUpdates, type UpdatesPlan } from "./rounds/plan-updates.ts";
import { planRemotes, type RemotesPlan } from "./rounds/plan-remotes.ts";
import { planWraps, type WrapsPlan } from "./rounds/plan-wraps.ts";
import { Random } from "./random.ts";

export type Plan = SessionsPlan | WrapsPlan | UpdatesPlan | RemotesPlan;

/** In turn, so that some minutes have some of each. */
export const KINDS = [
  "sessions",
  "monitor-url",
  "wraps",
  "proxy",
  "gated-sessions",
  "updates",
  "proxy-url",
  "postgres-sessions",
] as const;
export type Kind = (typeof KINDS)[number];

/**
 * @param round from 1
 * @param kinds in turn
 */
export function planRound(seed: number, round: number, kinds: readonly Kind[] = KINDS): Plan {
  const random = new Random(seed, round);
  const kind = kinds[(round - 1) % kinds.length];
  switch (kind) {
    case "monitor-url":
    case "proxy":
    case "proxy-url":
      return planRemotes(random, kind);
    case "wraps":
      return planWraps(random);
    case "updates":
      return planUpdates(random);
    case "gated-sessions":
      return planSessions(random, { isGated: true });
    case "postgres-sessions":
      return planSessions(random, { database: "postgres" });
    default:
      return planSessions(random);
  }
}
