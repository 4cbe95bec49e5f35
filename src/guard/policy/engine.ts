/** `PolicyEngine`: what a policy says about a message. Synchronous and without I/O, since it runs on the thread that forwards. */
import type { Direction } from "../../stream/event.ts";
import type { Deferral, Facts, HeldMessage, ToolFacts, Verdict } from "../../stream/verdict.ts";
import { Answer, resultsIn, TaskCalls } from "./answer.ts";
import { type Asked, argumentsIn, readAsked } from "./asked.ts";
import type { CompiledPolicy } from "./compiled.ts";
import { findingsInArguments, findingsInResult, type FindingsTest, type Inspect, noFindings } from "./findings-in.ts";
import { ASKED_BY_SERVER, CALL, isAnswer, isGoverned, isOfTask, isTold } from "./governed.ts";
import type { JsonNode } from "./json-tree.ts";
import { Level, type Outcome, subject } from "./level.ts";
import { withIds } from "./keep-ids.ts";
import { applyMasks, type Mask, type MaskedParts } from "./mask-values.ts";
import { folded } from "./name-matcher.ts";
import { Places } from "./places.ts";
import type { Surroundings } from "./rule.ts";
import { type PlainlyUnmet, Shortcut } from "./shortcut.ts";
import { strictest, toolActions } from "./strictest.ts";

export interface EngineContext {
  /** Name of the server, as the session has it. */
  server: string;
  now?: () => number;
  /** Needed where `uses.findings`; start-engine.ts gives it. */
  inspect?: Inspect;
  /** Needed where `uses.secrets`: masks secrets in JSON. */
  redact?: (json: string) => string;
}

/** The tool with which km itself hands out the rest of a large result. */
const READ_ON = "km_read_result";
/** A session has few methods; one that makes them up shall not fill the memory. */
const MOST_KNOWN = 1000;
const LONGEST_REASON = 500;
/** Of what has names that a policy can be about. */
const LISTS = new Set(["tools/list", "prompts/list", "resources/list"]);
const NOBODY_ASKED = "a person would have to agree, who cannot be asked about this";
const UNCHANGED = {};
const PASS: Verdict = Object.freeze({ action: "pass" });
const UNDECIDED: Verdict = { action: "block", by: "policy", reason: "it could not be decided about this message" };

export class PolicyEngine {
  readonly isStrict = true;
  readonly #levels: Level[];
  readonly #uses: CompiledPolicy["uses"];
  readonly #tools: ReturnType<typeof toolActions>;
  readonly #blocksTools: boolean;
  /** Whether the policy is about what servers ask of clients. */
  readonly #governsServer: boolean;
  readonly #asksForTime: boolean;
  readonly #context: EngineContext;
  readonly #concerned = new Map<string, boolean>();
  readonly #tasks = new TaskCalls();
  #facts: Map<string, ToolFacts> | undefined;

  /** @throws RangeError for a time zone that this machine does not know */
  constructor(policy: CompiledPolicy, context: EngineContext) {
    const enforced = policy.levels.filter(({ mode }) => mode === "enforce");
    const places = new Places();
    this.#levels = enforced.map((level) => new Level(level, context.server, places));
    places.prepare();
    this.#asksForTime = this.#levels.some(({ rules }) => rules.some((rule) => rule.asksForTime));
    this.#uses = policy.uses;
    this.#tools = toolActions(policy);
    this.#blocksTools = Object.values(this.#tools).includes("block");
    this.#context = context;
    this.#governsServer = ASKED_BY_SERVER.some((asked) => this.concerns("response", asked));
  }

  concerns(_direction: Direction, method: string): boolean {
    const known = this.#concerned.get(method);
    if (known !== undefined) return known;
    const ofTools = folded(method) === CALL && (this.#uses.results || this.#blocksTools);
    const concerned = ofTools || this.#levels.some((level) => level.concerns(method));
    if (this.#concerned.size < MOST_KNOWN) this.#concerned.set(method, concerned);
    return concerned;
  }

  /** Undefined where each call of the tool has to be decided about. */
  shortcut(tool: string): Shortcut | undefined {
    if (!this.concerns("request", CALL)) return new Shortcut([], () => true);
    if (tool === READ_ON && this.#uses.results) return undefined;
    const conditions: PlainlyUnmet[] = [];
    for (const level of this.#levels) {
      const ofLevel = level.allowsWhere(tool);
      if (ofLevel === undefined) return undefined;
      conditions.push(...ofLevel);
    }
    return new Shortcut(conditions, () => this.#blockedStatus({ tool }) === undefined && !this.#isUnknown({ tool }));
  }

  concernsAnswer(method: string, tool: string | undefined): boolean {
    if (LISTS.has(method) && this.#uses.lists) return true;
    if (method === "tools/list") return this.#uses.definitions || this.#uses.results;
    if (this.#mayAsk(method)) return true;
    if (isOfTask(method)) return this.concernsAnswer(CALL, undefined);
    return (method === CALL && this.#uses.results) || this.#levels.some((level) => level.concernsAnswer(method, tool));
  }

  leastAnswerBytes(method: string, tool: string | undefined): number {
    if (method !== CALL || this.#mayAsk(method)) return 0;
    if (this.#levels.some((level) => level.concernsAnswer(method, tool))) return 0;
    return Math.min(...this.#levels.map((level) => level.leastBound())); // a token takes one byte at least
  }

  passesUndecided(direction: Direction, method: string | undefined): boolean {
    if (method === undefined)
      return !this.#blocksTools && !this.#uses.results && this.#levels.every((level) => level.isOpen());
    if (!isAnswer(direction, method)) {
      if (folded(method) === CALL && this.#blocksTools) return false;
      return !this.#levels.some((level) => level.failsClosed(method, "arguments"));
    }
    if (LISTS.has(method) && this.#uses.lists) return false;
    if (method === "tools/list") return !this.#blocksTools;
    if (this.#mayAsk(method)) return false;
    const asked = isOfTask(method) ? CALL : method;
    return !(asked === CALL && this.#uses.results) && !this.#levels.some((level) => level.failsClosed(asked, "result"));
  }

  learn({ tools }: Facts): void {
    this.#facts ??= new Map();
    for (const [name, facts] of Object.entries(tools)) this.#facts.set(name, facts);
  }

  decide(held: HeldMessage): Verdict | Deferral {
    try {
      return held.request === undefined ? this.#decideAsked(held) : this.#decideAnswer(held, held.request);
    } catch {
      return UNDECIDED; // such as for a nesting too deep for the stack
    }
  }

  #decideAsked(held: HeldMessage): Verdict | Deferral {
    if (!this.concerns(held.direction, held.method)) return PASS;
    const asked = readAsked(held);
    if (asked.tool === READ_ON && asked.doubt === undefined && this.#uses.results) {
      return { action: "defer", question: { kind: "read on" }, outOfOrder: true };
    }
    const { findings } = this.#uses;
    const surroundings = this.#surroundings(findings ? findingsInArguments(asked, this.#context.inspect) : noFindings);
    let outcome: Outcome | undefined;
    for (const level of this.#levels) {
      const one = level.decide(asked, surroundings);
      outcome = outcome === undefined ? one : strictest(outcome, one);
    }
    if (outcome?.decision === "deny") return block(outcome, `the policy does not allow ${subject(asked)}`);
    const masked = this.#maskedAsked(held, asked, outcome);
    if (masked.blocked !== undefined) return masked.blocked;
    const status = this.#blockedStatus(asked);
    if (outcome?.decision !== "ask") {
      if (status === undefined && !this.#isUnknown(asked)) return changedOrPassing(masked.change);
      return { action: "defer", question: { kind: "definitions" }, ...masked.change, outOfOrder: true };
    }
    if (asked.isNotification) return blockedBy(outcome.rule, NOBODY_ASKED);
    const { on_timeout: byDefault, ...asking } = outcome.ask;
    const reason = outcome.reason.slice(0, LONGEST_REASON);
    const question = { kind: "approval", rule: outcome.rule, reason, ...asking, default: byDefault } as const;
    return { action: "defer", question, ...masked.change, outOfOrder: true };
  }

  #decideAnswer(held: HeldMessage, request: string): Verdict | Deferral {
    if (!this.concernsAnswer(held.method, undefined)) return PASS;
    if (held.method === "tools/list") {
      return { action: "defer", question: { kind: "definitions" }, outOfOrder: true };
    }
    if (LISTS.has(held.method) && this.#uses.lists) {
      return { action: "defer", question: { kind: "list" }, outOfOrder: true };
    }
    const own = readAsked({ method: held.method, text: request });
    const asked = isOfTask(held.method) ? this.#tasks.callOf(own) : own;
    const answer = new Answer(held);
    const task = held.method === CALL ? answer.task() : undefined;
    if (task !== undefined) this.#tasks.remember(task, own);
    const { findings } = this.#uses;
    const surroundings = this.#surroundings(
      findings ? findingsInResult(asked, answer, this.#context.inspect) : noFindings,
    );
    let outcome: Outcome | undefined;
    for (const level of this.#levels) {
      const one = level.decideAnswer(asked, held.text, surroundings);
      outcome = outcome === undefined ? one : strictest(outcome, one);
    }
    if (outcome !== undefined && outcome.decision !== "allow") {
      return block(outcome, `the policy does not allow this result of ${subject(asked)}`);
    }
    const masked = this.#masked(held.text, outcome?.masks ?? [], resultsIn);
    const blocked = this.#blockedEmbedded(held.direction, answer) ?? masked.blocked;
    if (blocked !== undefined) return blocked;
    const most = asked.method === CALL ? this.#mostTokens(asked, surroundings) : Infinity;
    if (held.text.length <= most || !mayHaveTokens(held.text, most)) return changedOrPassing(masked.change);
    const question = { kind: "large result", max_tokens: most } as const;
    return { action: "defer", question, ...masked.change, outOfOrder: true };
  }

  #surroundings(found: FindingsTest): Surroundings {
    return { now: this.#asksForTime ? (this.#context.now ?? Date.now)() : 0, facts: this.#facts, found };
  }

  #maskedAsked({ direction }: HeldMessage, { method, text }: Asked, outcome: Outcome | undefined): Change {
    const ofCall = outcome?.masks ?? [];
    const isWords = direction === "response" && isTold(method);
    if (ofCall.length === 0 && !isWords) return UNCHANGED;
    const masks = isWords ? [...ofCall, ...this.#levels.flatMap((level) => level.toldMasks(method))] : ofCall;
    const changed = this.#masked(text, masks, (message) => argumentsIn(message, method));
    if (changed.change === undefined) return changed;
    const { by } = changed.change;
    const whole = withIds(text, changed.change.text);
    if (whole === undefined) return { blocked: { action: "block", by, reason: "an id would be masked" } };
    return whole === text ? UNCHANGED : { change: { text: whole, by } };
  }

  #masked(text: string, masks: readonly Mask[], partsOf: (message: JsonNode) => MaskedParts): Change {
    if (masks.length === 0) return UNCHANGED;
    const masked = applyMasks(text, masks, partsOf, this.#context.redact);
    if ("blockedBy" in masked) return { blocked: blockedBy(masked.blockedBy, masked.reason) };
    return masked.rules.length === 0 ? {} : { change: { text: masked.text, by: `policy: ${masked.rules.join(", ")}` } };
  }

  /** Nothing was found out of any tool: it was not listed yet, or what was accepted cannot be read. */
  #isUnknown({ tool }: Pick<Asked, "tool">): boolean {
    return tool !== undefined && this.#facts === undefined && this.#blocksTools;
  }

  /** Of a tool whose definition has to be accepted before it is called; it may have been since. */
  #blockedStatus({ tool }: Pick<Asked, "tool">): "new" | "changed" | undefined {
    if (typeof tool !== "string" || this.#facts === undefined) return undefined;
    const status = this.#facts.get(tool)?.status ?? "new"; // a tool that was never listed is no better
    return status !== "accepted" && this.#tools[status] === "block" ? status : undefined;
  }

  /** Whether the answers to such requests may ask for what the policy is about, as in newer revisions of MCP. */
  #mayAsk(method: string): boolean {
    return this.#governsServer && (isGoverned(method) || isOfTask(method));
  }

  #blockedEmbedded(direction: Direction, answer: Answer): Verdict | undefined {
    for (const { method, text } of answer.requests()) {
      const verdict = this.#decideAsked({ direction, method, text });
      if (verdict.action === "pass") continue;
      const by = verdict.action === "defer" && verdict.question.kind === "approval" ? verdict.question.rule : "default";
      const { reason, ...rest } = verdict.action === "block" ? verdict : { ...blockedBy(by, ""), reason: NOBODY_ASKED };
      return { ...rest, reason: `the server asked for ${method}: ${reason}`.slice(0, LONGEST_REASON) };
    }
    return undefined;
  }

  #mostTokens(asked: Asked, surroundings: Surroundings): number {
    return Math.min(...this.#levels.map((level) => level.mostTokens(asked, surroundings) ?? Infinity));
  }
}

interface Change {
  change?: { text: string; by: string };
  blocked?: Verdict;
}

function block({ rule, reason }: Outcome, otherwise: string): Verdict {
  return blockedBy(rule, reason === "" ? otherwise : reason);
}

function blockedBy(rule: string, reason: string): Verdict & { action: "block" } {
  return { action: "block", by: `policy: ${rule}`, reason: reason.slice(0, LONGEST_REASON) };
}

function changedOrPassing(change: { text: string; by: string } | undefined): Verdict {
  return change === undefined ? PASS : { action: "modify", ...change };
}

/** Four ASCII characters are about a token, every other character is one. */
function mayHaveTokens(text: string, most: number): boolean {
  let quarters = 0;
  for (let at = 0; at < text.length && quarters <= most * 4; at++) quarters += text.charCodeAt(at) < 128 ? 1 : 4;
  return quarters > most * 4;
}
