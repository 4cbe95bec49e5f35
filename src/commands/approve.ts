/** `km approve`: the calls that wait for a person, and the answers to them. */
import { answerer } from "../approve/answerer.ts";
import { callTable, callText, rememberedTable, titleOf } from "../approve/call-text.ts";
import { givenText } from "../approve/given-text.ts";
import { startedByClient } from "../approve/started-by-client.ts";
import { defineCommand } from "../command.ts";
import { paths } from "../context.ts";
import { echoed } from "../echoed.ts";
import { KmError, systemReason } from "../errors.ts";
import { giveAnswer } from "../guard/approvals/answer.ts";
import { approvalsFolder, pendingCall, pendingCalls, type PendingCall } from "../guard/approvals/pending-call.ts";
import { forgetAnswers, rememberedAnswers } from "../guard/approvals/remembered.ts";
import { isWithin, scopeOf, scopeText, type Span, SPANS } from "../guard/approvals/scope.ts";
import { print } from "../output.ts";
import type { ApprovalScope } from "../stream/verdict.ts";
import { askLine, colours, isInteractive } from "../terminal.ts";

const LONGEST_REASON = 300;

export default defineCommand({
  meta: { name: "approve", description: "Answer calls that a policy asks about" },
  args: {
    id: {
      type: "positional",
      required: false,
      description: "Of the call to answer; without it those that wait are listed",
    },
    deny: { type: "boolean", description: "Block the call" },
    reason: { type: "string", valueHint: "text", description: "With --deny: what the model is told" },
    for: {
      type: "enum",
      options: [...SPANS],
      description: "How long the answer is good for calls like this one; default: once",
    },
    tool: { type: "boolean", description: "With --for: for every call of the tool, whatever its arguments are" },
    yes: { type: "boolean", alias: "y", description: "Do not ask; a terminal is needed all the same" },
    watch: { type: "boolean", alias: "w", description: "Show the calls as they come, and answer them by keys" },
    remembered: { type: "boolean", description: "List the answers that are remembered" },
    forget: { type: "string", valueHint: "id", description: "Forget the remembered answer of this id, or all" },
    json: { type: "boolean", description: "A line of JSON per call, or per remembered answer; nothing is answered" },
  },
  examples: [
    "km approve                                  what waits",
    "km approve k7pd                             look at the call, then answer",
    "km approve k7pd --for session --tool        its tool too, until the session ends",
    "km approve k7pd --deny --reason 'not in production'",
    "km approve --watch                          a screen that shows calls as they come",
    "km approve --forget 3f9a01bc",
  ],
  async run(args) {
    const folder = approvalsFolder(paths().state);
    refuseContradictions(args);
    if (args.forget !== undefined) return await forget(folder, args.forget);
    if (args.remembered) return await listRemembered(folder, args.json);
    if (args.watch) return await watch(folder);
    if (args.id === undefined) return await list(folder, args.json);
    const call = pendingCall(folder, args.id);
    if (call === undefined) {
      throw new KmError("APR_001", `No call waits for approval as "${echoed(args.id)}"`, {
        hint: "It may have been answered, or its time may be up. km approve lists those that wait.",
      });
    }
    if (args.json) {
      await print(`${JSON.stringify(call)}\n`);
      return 0;
    }
    return await answer(folder, call, args);
  },
});

type Answering = { deny: boolean; reason: string | undefined; for: string | undefined; tool: boolean; yes: boolean };

type Choice = {
  id: string | undefined;
  watch: boolean;
  remembered: boolean;
  forget: string | undefined;
  json: boolean;
};

async function answer(folder: string, call: PendingCall, { deny, reason, for: span, tool, yes }: Answering) {
  const scope = scopeOf((span ?? "once") as Span, tool);
  if (!deny) await refuseApproval(call, scope);
  await print(callText(call, await colours(process.stdout), Date.now()));
  const decision = deny ? "deny" : yes ? "approve" : await asked(scope);
  if (decision === undefined) {
    process.stderr.write("km: Not answered; it still waits\n");
    return 1;
  }
  const words = { decision, scope, by: answerer("km approve"), ...(reason === undefined ? {} : { reason }) };
  const given = await giveAnswer(folder, call, words).catch((cause: unknown) => {
    throw new KmError("APR_002", `Cannot answer: ${systemReason(cause)}`, { cause });
  });
  process.stderr.write(`km: ${givenText(call, words, given)}\n`);
  return given.kind === "taken" ? 0 : 1;
}

/**
 * Whoever approves shall be a person, so nothing but a terminal will do, `--yes` or not. What a program of the same user can
 * do all the same, docs/approvals.md says.
 */
async function refuseApproval(call: PendingCall, scope: ApprovalScope): Promise<void> {
  if (!isInteractive()) {
    throw new KmError("USAGE", "Cannot approve: no terminal", {
      hint: "Approve it on a terminal or in km dashboard. A script can only deny: --deny.",
    });
  }
  if (!isWithin(scope, call.remember)) {
    throw new KmError("USAGE", `The rule ${echoed(call.rule)} lets nobody approve ${scopeText(scope)}`, {
      hint: `At most ${scopeText(call.remember)}.`,
    });
  }
  if (await startedByClient(call)) {
    throw new KmError("APR_001", "Cannot approve: this km was started by the very client whose call waits", {
      hint: "Approve it on a terminal that is not part of the client, or in km dashboard.",
    });
  }
}

async function asked(scope: ApprovalScope): Promise<"approve" | "deny" | undefined> {
  const typed = await askLine(`Approve ${scopeText(scope)}? y approves, d denies, all else leaves it waiting: `);
  if (/^y(es)?$/i.test(typed ?? "")) return "approve";
  return /^d(eny)?$/i.test(typed ?? "") ? "deny" : undefined;
}

async function list(folder: string, asJson: boolean): Promise<number> {
  const calls = pendingCalls(folder);
  if (asJson) await print(calls.map((call) => `${JSON.stringify(call)}\n`).join(""));
  else if (calls.length > 0) await print(callTable(calls, Date.now()));
  else process.stderr.write("km: Nothing waits for approval\n");
  return 0;
}

async function listRemembered(folder: string, asJson: boolean): Promise<number> {
  const answers = rememberedAnswers(folder);
  if (asJson) await print(answers.map((one) => `${JSON.stringify(one)}\n`).join(""));
  else if (answers.length > 0) await print(rememberedTable(answers));
  else process.stderr.write("km: No answer is remembered\n");
  return 0;
}

async function forget(folder: string, word: string): Promise<number> {
  const forgotten = await forgetAnswers(folder, word);
  if (forgotten.length === 0 && word !== "all") {
    throw new KmError("APR_001", `No answer is remembered as "${echoed(word)}"`, {
      hint: "km approve --remembered lists them.",
    });
  }
  for (const one of forgotten) {
    const what = one.decision === "approve" ? "approval" : "denial";
    process.stderr.write(`km: Forgot the ${what} of ${titleOf(one)}, ${scopeText(one.scope)}\n`);
  }
  return 0;
}

async function watch(folder: string): Promise<number> {
  const { requireTerminal } = await import("../tail/require-terminal.ts");
  requireTerminal("km approve lists the calls that wait.");
  const { watchApprovals } = await import("../approve/watch-approvals.ts");
  return await watchApprovals(folder, await colours(process.stdout));
}

/** @throws KmError USAGE */
function refuseContradictions(args: Answering & Choice): void {
  const { id, deny, reason, for: span, tool, yes, json } = args;
  const modes = given({ "--watch": args.watch, "--remembered": args.remembered, "--forget": args.forget });
  const answers = given({ "--deny": deny, "--reason": reason, "--for": span, "--tool": tool, "--yes": yes });
  const [mode, otherMode] = modes;
  const [flag] = answers;
  if (otherMode !== undefined) throw usage(`Flags ${mode} and ${otherMode} exclude each other`);
  if (mode !== undefined && id !== undefined) throw usage(`Flag ${mode} takes no call`);
  if (mode !== undefined && mode !== "--remembered" && json) throw usage(`Flags ${mode} and --json exclude each other`);
  if (flag !== undefined && id === undefined) throw usage(`Flag ${flag} needs the id of a call`);
  if (flag !== undefined && json) throw usage(`Flags ${flag} and --json exclude each other`);
  if (reason !== undefined && !deny) throw usage("Flag --reason goes with --deny alone");
  if ((reason?.length ?? 0) > LONGEST_REASON) throw usage(`The reason is longer than ${LONGEST_REASON} characters`);
  if (tool && (span ?? "once") === "once") throw usage("Flag --tool needs --for session or --for always");
  if (deny && yes) throw usage("Flags --deny and --yes exclude each other");
}

/** The flags that stand there. */
function given(flags: Record<string, string | boolean | undefined>): string[] {
  return Object.keys(flags).filter((name) => flags[name] !== undefined && flags[name] !== false);
}

function usage(text: string): KmError {
  return new KmError("USAGE", text);
}
