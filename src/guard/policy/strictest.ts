/** Of what several policies say about a message, about new or changed tools, and about how a person is asked, the strictest. */
import type { ApprovalScope } from "../../stream/verdict.ts";
import type { Asking, CompiledPolicy, Decision, ToolAction } from "./compiled.ts";
import type { Outcome } from "./level.ts";

/** From the least strict to the strictest. */
const DECISIONS: Decision[] = ["allow", "ask", "deny"];
const ACTIONS: ToolAction[] = ["allow", "warn", "block"];
const SCOPES: ApprovalScope[] = ["tool", "call", "session-tool", "session-call", "once"];

export function toolActions({ levels }: Pick<CompiledPolicy, "levels">): { new: ToolAction; changed: ToolAction } {
  const enforced = levels.filter(({ mode }) => mode === "enforce");
  const of = (status: "new" | "changed"): ToolAction => last(ACTIONS, ...enforced.map(({ tools }) => tools[status]));
  return { new: of("new"), changed: of("changed") };
}

/** The first of those that are as strict. All that they mask is masked. */
export function strictest(one: Outcome, other: Outcome): Outcome {
  const isStricter = DECISIONS.indexOf(other.decision) > DECISIONS.indexOf(one.decision);
  const bothAsk = one.decision === "ask" && other.decision === "ask";
  return {
    ...(isStricter ? other : one),
    ...(bothAsk ? { ask: strictestAsking(one.ask, other.ask) } : {}),
    masks: [...one.masks, ...other.masks],
  };
}

function strictestAsking(one: Asking, other: Asking): Asking {
  return {
    timeout_ms: Math.min(one.timeout_ms, other.timeout_ms),
    on_timeout: one.on_timeout === "pass" ? other.on_timeout : "block",
    remember: last(SCOPES, one.remember, other.remember),
  };
}

/** The one that stands last in the order; the first of it where there are none. */
function last<T>(order: [T, ...T[]] | T[], ...values: T[]): T {
  return order[Math.max(0, ...values.map((value) => order.indexOf(value)))] as T; // orders are not empty
}
