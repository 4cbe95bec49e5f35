/** `readAudit`: the newest lines of the audit log that fit, and `auditStats`, what they come to. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import * as v from "valibot";
import { systemCode } from "../../errors.ts";

const CALL = v.looseObject({
  time: v.string(),
  event: v.string(),
  principal: v.string(),
  /** Undefined where it was a prompt, a resource or a completion: then one of these is there. */
  tool: v.optional(v.string()),
  outcome: v.optional(v.string()),
  duration_ms: v.optional(v.number()),
});
export type AuditedCall = v.InferOutput<typeof CALL>;

export interface AuditQuery {
  principal?: string | undefined;
  tool?: string | undefined;
  outcome?: string | undefined;
  /** Milliseconds since 1970. */
  since?: number | undefined;
  limit: number;
}

export interface AuditPage {
  /** The newest first. */
  calls: AuditedCall[];
  /** Whether the file goes back further than was looked. */
  isCut: boolean;
}

/** From the end of the file. */
const MOST_BYTES = 4 << 20;

/** @throws Error of the system where the file is there and cannot be read */
export function readAudit(file: string, query: AuditQuery): AuditPage {
  const { text, isCut } = endOf(file);
  const calls: AuditedCall[] = [];
  for (const line of text.split("\n").toReversed()) {
    const call = callIn(line);
    if (call === undefined || !fits(call, query)) continue;
    if (calls.length === query.limit) return { calls, isCut: true };
    calls.push(call);
  }
  return { calls, isCut };
}

export interface AuditStats {
  calls: number;
  since: string | undefined;
  outcomes: Record<string, number>;
  /** The ones called most. */
  tools: { tool: string; calls: number; failed: number; average_ms: number }[];
  principals: Record<string, number>;
}

const MOST_TOOLS = 50;

export function auditStats(calls: readonly AuditedCall[]): AuditStats {
  const outcomes: Record<string, number> = {};
  const principals: Record<string, number> = {};
  const tools = new Map<string, { calls: number; failed: number; ms: number }>();
  for (const { outcome = "unknown", principal, tool, duration_ms: ms = 0 } of calls) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    principals[principal] = (principals[principal] ?? 0) + 1;
    if (tool === undefined) continue;
    const one = tools.get(tool) ?? { calls: 0, failed: 0, ms: 0 };
    tools.set(tool, { calls: one.calls + 1, failed: one.failed + Number(outcome === "failed"), ms: one.ms + ms });
  }
  return {
    calls: calls.length,
    since: calls.at(-1)?.time,
    outcomes,
    tools: Array.from(tools, ([tool, { ms, ...one }]) => ({
      tool,
      ...one,
      average_ms: Math.round((ms / one.calls) * 1000) / 1000,
    }))
      .toSorted((a, b) => b.calls - a.calls)
      .slice(0, MOST_TOOLS),
    principals,
  };
}

function endOf(file: string): { text: string; isCut: boolean } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    const { size } = fstatSync(descriptor);
    const from = Math.max(0, size - MOST_BYTES);
    const bytes = Buffer.alloc(size - from);
    const count = readSync(descriptor, bytes, 0, bytes.length, from);
    return { text: bytes.subarray(0, count).toString(), isCut: from > 0 };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { text: "", isCut: false };
    throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The first line may be cut. */
function callIn(line: string): AuditedCall | undefined {
  try {
    const read = v.safeParse(CALL, JSON.parse(line));
    return read.success && read.output.event === "call" ? read.output : undefined;
  } catch {
    return undefined;
  }
}

function fits(call: AuditedCall, { principal, tool, outcome, since }: AuditQuery): boolean {
  return (
    (principal === undefined || call.principal === principal) &&
    (tool === undefined || call.tool === tool) &&
    (outcome === undefined || call.outcome === outcome) &&
    (since === undefined || Date.parse(call.time) >= since)
  );
}
