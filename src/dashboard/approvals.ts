/** `answerApprovals`: what waits for approval on this machine, and the answers that a person gives in the dashboard. */
import picocolors from "picocolors";
import { answerer } from "../approve/answerer.ts";
import { systemReason } from "../errors.ts";
import { giveAnswer } from "../guard/approvals/answer.ts";
import { pendingCall, type PendingCall, pendingCalls } from "../guard/approvals/pending-call.ts";
import { isScope, isWithin } from "../guard/approvals/scope.ts";
import { prettyJson } from "../pretty-json.ts";
import { printable } from "../terminal.ts";
import type { Approvals, GivenAnswer } from "./approvals-form.ts";
import { readPost, refused, type Reply } from "./page-post.ts";
import type { ApprovalsSource } from "./source.ts";

const LONGEST_REASON = 300;
const NOT_A_PERSON = "Only a km dashboard that a person started on a terminal approves. This one can deny.";
const NOTHING: Approvals = { at: new Date(0).toISOString(), waiting: [] };
const paint = picocolors.createColors(false);

/**
 * The request has been found to come from the dashboard's own page, or from nobody's.
 *
 * @param source undefined where none can wait
 * @param id of the call, of a request that answers
 */
export async function answerApprovals(
  source: ApprovalsSource | undefined,
  request: Request,
  id?: string,
): Promise<Reply> {
  if (id === undefined) {
    if (request.method !== "GET" && request.method !== "HEAD") return refused(405, "Only GET");
    return { status: 200, body: source === undefined ? NOTHING : approvalsIn(source.folder) };
  }
  if (request.method !== "POST") return refused(405, "Only POST");
  const post = await readPost(request);
  if (post.kind === "refused") return post.reply;
  const answer = post.value;
  if (!isGivenAnswer(answer)) return refused(400, "This is no answer");
  const call = source === undefined ? undefined : pendingCall(source.folder, id);
  if (source === undefined || call === undefined) return refused(409, "The call does not wait any more");
  if (call.hash !== answer.hash) return refused(409, "This is not the call that was shown");
  if (answer.decision === "approve" && !isWithin(answer.scope, call.remember)) {
    return refused(400, "The rule does not let it be approved for so long");
  }
  if (answer.decision === "approve" && !(await source.mayApprove(call))) return refused(403, NOT_A_PERSON);
  return await give(source.folder, call, answer);
}

function approvalsIn(folder: string): Approvals {
  // Names come from the model, the server and the policy: none may look like another one.
  const waiting = pendingCalls(folder).map((call) => ({
    ...call,
    server: printable(call.server),
    method: printable(call.method),
    ...(call.tool === undefined ? {} : { tool: printable(call.tool) }),
    rule: printable(call.rule),
    reason: printable(call.reason),
    shown: prettyJson(call.arguments, paint),
  }));
  return { at: new Date().toISOString(), waiting };
}

async function give(folder: string, call: PendingCall, { decision, scope, reason }: GivenAnswer): Promise<Reply> {
  const words = { decision, scope, by: answerer("dashboard"), ...(reason === undefined ? {} : { reason }) };
  try {
    const given = await giveAnswer(folder, call, words);
    if (given.kind === "taken") return { status: 200, body: { kind: "taken" } };
    if (given.kind === "answered" && given.first !== undefined && given.first.decision !== "expired") {
      return refused(
        409,
        `${given.first.by} was quicker: ${given.first.decision === "approve" ? "approved" : "denied"}`,
      );
    }
    if (given.kind === "not taken") return refused(503, "The session does not answer");
    return refused(409, "The call does not wait any more");
  } catch (error) {
    return refused(500, `Cannot answer: ${systemReason(error)}`);
  }
}

function isGivenAnswer(value: unknown): value is GivenAnswer {
  if (typeof value !== "object" || value === null) return false;
  const { hash, decision, scope, reason } = value as Partial<GivenAnswer>;
  return (
    typeof hash === "string" &&
    (decision === "approve" || decision === "deny") &&
    isScope(scope) &&
    (reason === undefined || (typeof reason === "string" && reason.length <= LONGEST_REASON))
  );
}
