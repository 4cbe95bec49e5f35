/**
 * `ToolCalls`: carries out calls of tools. Each passes the same gates: is the tool there for the caller, are its arguments right,
 * those of `GatedCalls`, and has a person agreed to what may destroy something; and each answer is masked and bounded.
 */
import {
  type CallToolResult,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { isMapping } from "../../is-mapping.ts";
import type { Called } from "../call-observer.ts";
import type { ServedTool } from "../opened-services.ts";
import type { PreparedCall, ServiceTool, ToolCall } from "../tool.ts";
import { argumentProblem } from "./argument-problem.ts";
import type { CallContext } from "./call-context.ts";
import type { CallIdentity } from "./call-digest.ts";
import type { Confirmations, Shown } from "./confirmation.ts";
import { type GatedCalls, type Outcome, refused } from "./gated-calls.ts";
import { isDeeperThan } from "./is-deeper-than.ts";
import type { Redact } from "./masked-data.ts";
import { ASKS_ALREADY, type Questions } from "./questions.ts";
import { publishedInput } from "./published-schema.ts";
import { failureResult, previewResult, previewText, toolResult } from "./tool-result.ts";

/** A call whose arguments are right. */
interface Attempt {
  tool: ServiceTool<unknown>;
  prepared: PreparedCall<unknown>;
  identity: CallIdentity;
  isDryRun: boolean;
  context: CallContext;
}

type ToolOutcome = Outcome<CallToolResult | InputRequiredResult>;

/** Of arguments: objects and lists in each other. */
const DEEPEST = 200;
/** Of a preview, as a person reads it. */
const MOST_SHOWN = 16 << 10;

export class ToolCalls {
  readonly #gates: GatedCalls;
  readonly #confirmations: Confirmations;
  readonly #questions: Questions;
  readonly #redact: Redact;

  constructor(gates: GatedCalls, confirmations: Confirmations, questions: Questions, redact: Redact) {
    this.#gates = gates;
    this.#confirmations = confirmations;
    this.#questions = questions;
    this.#redact = redact;
  }

  /** @throws ProtocolError where there is no such tool */
  async call(
    name: string,
    args: Record<string, unknown>,
    context: CallContext,
  ): Promise<CallToolResult | InputRequiredResult> {
    const { caller, offered } = context;
    const served = offered.tools.find(({ fullName }) => fullName === name);
    const why = served === undefined ? offered.whyNoTool(name) : undefined;
    const isTooDeep = isDeeperThan(args, DEEPEST);
    // What nobody may want is not written down either.
    const recorded = isTooDeep ? {} : recordedArguments(args, served?.tool);
    const called = { kind: "tool" as const, caller, name, args: recorded };
    const outcome = await this.#gates.observed<CallToolResult | InputRequiredResult>(
      { ...called, service: served?.service, label: served?.fullName },
      async () => {
        if (served === undefined) return refused("SVC_002", why ?? `Unknown tool: ${name.slice(0, 100)}`);
        if (isTooDeep) return refused("SVC_001", `The arguments are nested deeper than ${DEEPEST}.`);
        return await this.#answer(served, args, called, context);
      },
    );
    if ("result" in outcome) return outcome.result;
    if (served === undefined && why === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, outcome.text);
    }
    return failureResult(outcome.text);
  }

  async #answer(
    served: ServedTool,
    args: Record<string, unknown>,
    called: Called,
    context: CallContext,
  ): Promise<ToolOutcome> {
    const { settings, request } = context;
    const { tool } = served;
    const { dry_run: wished = false, ...own } = args;
    const isDryRun = tool.hasPreview && wished;
    if (typeof isDryRun !== "boolean") {
      return refused("SVC_001", "Argument dry_run cannot be that. Allowed: true, false.");
    }
    const prepared = tool.prepare(tool.hasPreview ? own : args);
    if (prepared.issues !== undefined) {
      const { properties } = publishedInput(tool.input, tool.hasPreview);
      const schemas = isMapping(properties) ? properties : {};
      return refused("SVC_001", this.#redact(argumentProblem(prepared.issues, Object.keys(schemas), schemas)));
    }
    const passage = {
      ...context,
      called,
      service: served.service,
      longestMs: tool.longestMs,
      mayHaveChanged: tool.access !== "read",
    };
    return await this.#gates.through(passage, async (signal) => {
      const call = {
        backend: await served.backend(),
        signal,
        mostBytes: settings.mostBytes,
        progress: (done: number, total?: number, message?: string) => void tellProgress(request, done, total, message),
      };
      const identity = { principal: context.caller.principal, name: served.fullName, args };
      const attempt = { tool, prepared, identity, isDryRun, context };
      if (tool.access === "destructive") return await this.#carriedOut(attempt, { ...call, ask: ASKS_ALREADY });
      const answered = await this.#questions.asking(
        identity,
        context,
        async (ask) => await this.#carriedOut(attempt, { ...call, ask }),
      );
      return answered.state === "done" ? answered.value : { outcome: "asked", result: answered.result };
    });
  }

  async #carriedOut(
    { tool, prepared: { run, preview }, identity, isDryRun, context }: Attempt,
    call: ToolCall<unknown>,
  ): Promise<ToolOutcome> {
    const { mostBytes } = context.settings;
    if (isDryRun && preview !== undefined) {
      return { outcome: "ok", result: previewResult(await preview(call), mostBytes, this.#redact) };
    }
    if (tool.access === "destructive" && preview !== undefined) {
      const show = async (): Promise<Shown> => {
        const found = await preview(call);
        const { bound = previewText(found, Infinity, this.#redact) } = found;
        return { message: previewText(found, MOST_SHOWN, this.#redact), bound };
      };
      const confirmation = await this.#confirmations.ask(identity, show, context);
      if (confirmation.state === "ask") return { outcome: "asked", result: confirmation.result };
      if (confirmation.state === "no") return refused("SVC_002", confirmation.why);
    }
    const answer = await run(call);
    return { outcome: "ok", result: toolResult(answer, mostBytes, this.#redact, context.offered.mayRead) };
  }
}

function recordedArguments(
  args: Record<string, unknown>,
  tool: ServiceTool<unknown> | undefined,
): Record<string, unknown> {
  const lengths = (tool?.payload ?? []).flatMap((name) => {
    if (!Object.hasOwn(args, name)) return [];
    const value = args[name];
    const length = typeof value === "string" ? value.length : (JSON.stringify(value)?.length ?? 0);
    return [[name, `[${length} characters]`]];
  });
  return { ...args, ...tool?.recorded?.(args), ...Object.fromEntries(lengths) };
}

async function tellProgress(
  request: ServerContext["mcpReq"],
  progress: number,
  total?: number,
  message?: string,
): Promise<void> {
  const progressToken = request._meta?.progressToken;
  if (progressToken === undefined || request.signal.aborted) return;
  const params = {
    progressToken,
    progress,
    ...(total !== undefined && { total }),
    ...(message !== undefined && { message }),
  };
  await request.notify({ method: "notifications/progress", params }).catch(() => undefined); // nobody listens any more
}
