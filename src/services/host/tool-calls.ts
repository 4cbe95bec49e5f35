/**
 * `ToolCalls`: carries out calls of tools. Each passes the same gates: is the tool there for the caller, are its arguments
 * right, may it be written down, is there room for it, has a person agreed to what may destroy something; and each answer is
 * masked and bounded.
 */
import {
  type CallToolResult,
  type ClientCapabilities,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { type ErrorCode, KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import type { Caller } from "../caller.ts";
import type { HostSettings } from "../config/settings.ts";
import type { ServedTool } from "../opened-services.ts";
import type { PreparedCall, ServiceTool, ToolCall } from "../tool.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { argumentProblem } from "./argument-problem.ts";
import { CallSlots, type Release } from "./call-slots.ts";
import { clientCapabilities, type Confirmations } from "./confirmation.ts";
import { isDeeperThan } from "./is-deeper-than.ts";
import type { Redact } from "./masked-data.ts";
import type { OfferedTools } from "./offered-tools.ts";
import { publishedInput } from "./published-schema.ts";
import { failure, failureResult, previewResult, previewText, toolResult } from "./tool-result.ts";

export interface AskedCall {
  name: string;
  args: Record<string, unknown>;
  caller: Caller;
  request: ServerContext["mcpReq"];
  /** As the client's session has said; undefined where each request says it. */
  capabilities: ClientCapabilities | undefined;
  offered: OfferedTools;
  settings: HostSettings;
}

export interface CalledTool {
  caller: Caller;
  /** As it was asked for: there may be no such tool. */
  name: string;
  /** Of its payload only how long it is. */
  args: Record<string, unknown>;
  /** Of the service; undefined where there is no such tool. */
  service: string | undefined;
  durationMs: number;
  outcome: Outcome["outcome"];
  /** What went wrong; `fault` for what is km's own. */
  code?: string | undefined;
}

export interface CallObserver {
  /** @returns false where the call must be written down and cannot be */
  begins(call: Pick<CalledTool, "caller" | "name" | "args">): boolean;
  ended(call: CalledTool): void;
  /** Of km's own, for the operator. */
  fault(tool: string, error: unknown): void;
}

interface Outcome {
  outcome: "ok" | "failed" | "refused" | "asked" | "cancelled";
  code?: ErrorCode | "fault" | undefined;
  result: CallToolResult | InputRequiredResult;
}

/** Of arguments: objects and lists in each other. */
const DEEPEST = 200;
/** For each one that runs. */
const MOST_WAITING = 4;
/** For what a call that was aborted says. */
const LAST_WORDS_MS = 100;
/** Of a preview, as a person reads it. */
const MOST_SHOWN = 16 << 10;

export class ToolCalls {
  readonly #slots = new CallSlots();
  readonly #confirmations: Confirmations;
  readonly #observer: CallObserver;
  readonly #redact: Redact;
  /** Aborts those that still run when there is no more time. */
  readonly #end = new AbortController();
  #open = 0;

  constructor(confirmations: Confirmations, observer: CallObserver, redact: Redact) {
    this.#confirmations = confirmations;
    this.#observer = observer;
    this.#redact = redact;
  }

  /** That have not been answered. */
  get open(): number {
    return this.#open;
  }

  abort(): void {
    this.#end.abort(new Error("km ends"));
  }

  /** @throws ProtocolError where there is no such tool */
  async call(asked: AskedCall): Promise<CallToolResult | InputRequiredResult> {
    const { name, caller, offered } = asked;
    const startedMs = performance.now();
    const served = offered.tools.find(({ fullName }) => fullName === name);
    const isTooDeep = isDeeperThan(asked.args, DEEPEST);
    // What nobody may want is not written down either.
    const args = isTooDeep ? {} : recordedArguments(asked.args, served?.tool);
    const tell = ({ outcome, code }: Pick<Outcome, "outcome" | "code">): void => {
      const durationMs = performance.now() - startedMs;
      this.#observer.ended({ caller, name, args, service: served?.service, durationMs, outcome, code });
    };
    this.#open++;
    try {
      const outcome =
        isTooDeep && served !== undefined
          ? refused("SVC_001", `The arguments are nested deeper than ${DEEPEST}.`)
          : await this.#answer(served, asked);
      if (outcome === undefined) {
        tell({ outcome: "refused", code: "SVC_002" });
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name.slice(0, 100)}`);
      }
      tell(outcome);
      return outcome.result;
    } finally {
      this.#open--;
    }
  }

  async #answer(served: ServedTool | undefined, asked: AskedCall): Promise<Outcome | undefined> {
    const { name, args, caller, settings } = asked;
    if (served === undefined) {
      const why = asked.offered.whyNot(name);
      return why === undefined ? undefined : refused("SVC_002", why);
    }
    const { tool } = served;
    const { dry_run: wished = false, ...own } = args;
    const isDryRun = tool.hasPreview && wished;
    if (typeof isDryRun !== "boolean") {
      return refused("SVC_001", "Argument dry_run cannot be that. Allowed: true, false.");
    }
    const prepared = tool.prepare(tool.hasPreview ? own : args);
    if (prepared.issues !== undefined) {
      const { properties } = publishedInput(tool.input, tool.hasPreview);
      const known = isMapping(properties) ? Object.keys(properties) : [];
      return refused("SVC_001", this.#redact(argumentProblem(prepared.issues, known)));
    }
    if (!this.#observer.begins({ caller, name, args: recordedArguments(args, tool) })) {
      return refused(
        "SVC_002",
        "It cannot be written down now, so it is not done. Whoever runs this server finds why in its log.",
      );
    }
    const timeoutMs = tool.longestMs ?? settings.timeoutMs;
    const late = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([asked.request.signal, late, this.#end.signal]);
    try {
      return await this.#inTurn(served, asked, signal, async () => {
        const call: ToolCall<unknown> = {
          backend: await served.backend(),
          signal,
          mostBytes: settings.mostBytes,
          progress: (done, total, message) => void tellProgress(asked.request, done, total, message),
        };
        return await this.#carriedOut(served, prepared, call, asked, isDryRun);
      });
    } catch (error) {
      if (asked.request.signal.aborted) return { outcome: "cancelled", result: failureResult("It was cancelled.") };
      if (this.#end.signal.aborted) {
        return this.#failed(new KmError("SVC_003", `${name} was broken off: this server ends`, hintFor(tool)));
      }
      if (error instanceof KmError) return this.#failed(error);
      if (late.aborted) {
        return this.#failed(
          new KmError("SVC_003", `${name} took longer than ${timeoutMs / 1000} s`, hintFor(tool, TOO_LONG)),
        );
      }
      this.#observer.fault(name, error);
      return { outcome: "failed", code: "fault", result: failureResult(FAULT) };
    }
  }

  /** What ignores its signal has its slot until it ends by itself, and nobody waits for it. */
  async #inTurn(
    { service }: ServedTool,
    { caller, settings: { most } }: AskedCall,
    signal: AbortSignal,
    work: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const held: Release[] = [];
    const release = (): void => held.forEach((one) => one());
    const lanes = [
      [`caller ${caller.principal}`, most.caller],
      [`service ${service}`, most.service],
    ] as const;
    for (const [lane, count] of lanes) {
      const slot = await this.#slots.take(lane, { most: count, waiting: count * MOST_WAITING }, signal);
      if (typeof slot === "function") {
        held.push(slot);
        continue;
      }
      release();
      signal.throwIfAborted();
      throw new KmError("SVC_005", `Too many calls wait for ${lane.startsWith("caller") ? "you" : service} already`, {
        hint: "Call fewer tools at a time, and try again when some have answered.",
      });
    }
    const running = work().finally(release);
    try {
      return await unlessAborted(running, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      // What it says itself of why it has not ended tells more.
      return await unlessAborted(running, AbortSignal.timeout(LAST_WORDS_MS)).catch((last: unknown) => {
        throw last instanceof KmError ? last : error;
      });
    }
  }

  async #carriedOut(
    { fullName, tool }: ServedTool,
    { run, preview }: PreparedCall<unknown>,
    call: ToolCall<unknown>,
    { args, caller, request, capabilities, settings: { mostBytes } }: AskedCall,
    isDryRun: boolean,
  ): Promise<Outcome> {
    if (isDryRun && preview !== undefined) {
      return { outcome: "ok", result: previewResult(await preview(call), mostBytes, this.#redact) };
    }
    if (tool.access === "destructive" && preview !== undefined) {
      const asked = await this.#confirmations.ask(
        { tool: fullName, args, principal: caller.principal },
        async () => {
          const found = await preview(call);
          const { bound = previewText(found, Infinity, this.#redact) } = found;
          return { message: previewText(found, MOST_SHOWN, this.#redact), bound };
        },
        { request, capabilities: clientCapabilities(request, capabilities) },
      );
      if (asked.state === "ask") return { outcome: "asked", result: asked.result };
      if (asked.state === "no") return refused("SVC_002", asked.why);
    }
    return { outcome: "ok", result: toolResult(await run(call), mostBytes, this.#redact) };
  }

  #failed(error: KmError): Outcome {
    return { outcome: "failed", ...failure(error, this.#redact) };
  }
}

const TOO_LONG = "Ask for less, or whoever runs this server can allow more time: limits.timeout of services.yaml.";
const FAULT = "The tool failed for a reason within km; whoever runs this server finds it in the log.";

/** Whoever has waited in vain does not know what has happened. */
function hintFor({ access }: ServiceTool<unknown>, hint?: string): { hint?: string } {
  const caution = access === "read" ? undefined : "It may have been done all the same: look before you try again.";
  const words = [caution, hint].filter((one) => one !== undefined).join(" ");
  return words === "" ? {} : { hint: words };
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
  return { ...args, ...Object.fromEntries(lengths) };
}

function refused(code: ErrorCode, text: string): Outcome {
  return { outcome: "refused", code, result: failureResult(text) };
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
