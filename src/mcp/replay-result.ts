/** `replayResult`: how the answer to a replayed request compares with the recorded one. */
import type { Difference } from "./compare-answers.ts";
import type { ReplayRequest, ReplayStep, Reply } from "./replay.ts";

export const OUTCOMES = ["same", "different", "failed", "skipped"] as const;

/** The object that `km replay --json` and `km verify --json` print. */
export interface ReplayResult {
  session_id: string;
  seq: number;
  method: string;
  tool?: string | undefined;
  target?: string | undefined;
  outcome: (typeof OUTCOMES)[number];
  /** Why there is nothing to compare. */
  reason?: string;
  recorded_ms?: number | undefined;
  replayed_ms?: number;
  differences: Difference[];
}

/** Where two answers differ, given as text. */
export type Comparison = (recorded: string, replayed: string) => Difference[];

/** @param mask does to the new answer what was done to the recorded one before it was written */
export function replayResult(
  sessionId: string,
  { seq, method }: ReplayStep,
  { tool, target, answer }: ReplayRequest,
  reply: Reply,
  { mask, compare }: { mask: (text: string) => string; compare: Comparison },
): ReplayResult {
  const call = { session_id: sessionId, seq, method, tool, target };
  const recorded = { recorded_ms: answer?.durationMs };
  if (reply.kind !== "answer") {
    return { ...call, outcome: reply.kind, reason: reply.reason, ...recorded, differences: [] };
  }
  const timed = { ...recorded, replayed_ms: Math.round(reply.durationMs * 1000) / 1000 };
  if (answer?.text === undefined) {
    return { ...call, outcome: "skipped", reason: "answer not recorded whole", ...timed, differences: [] };
  }
  const differences = compare(answer.text, mask(reply.text));
  return { ...call, outcome: differences.length === 0 ? "same" : "different", ...timed, differences };
}
