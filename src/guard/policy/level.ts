/** `Level`: what one policy file says about a message, whatever the others say. */
import type { Asked } from "./asked.ts";
import type {
  Asking,
  CompiledLevel,
  CompiledRule,
  Conditions,
  Consequence,
  Decision,
  FindingsCondition,
  Limit,
  Masking,
} from "./compiled.ts";
import { CALL, isGoverned, type METHODS_WITH } from "./governed.ts";
import type { Mask } from "./mask-values.ts";
import type { Met } from "./met.ts";
import { NameMatcher, shown } from "./name-matcher.ts";
import type { Places } from "./places.ts";
import { Rule, type Surroundings } from "./rule.ts";
import type { PlainlyUnmet } from "./shortcut.ts";

/** Shared between messages. */
export interface Outcome {
  readonly decision: Decision;
  /** Name of the rule that decided; `default` where none did. */
  readonly rule: string;
  readonly reason: string;
  readonly ask: Asking;
  /** Of the rules that mask, all that apply. */
  readonly masks: readonly Mask[];
}

/** The phase of a call: before it is forwarded, or when its answer has come. */
type Phase = "arguments" | "result";

/** The rules that may apply to a message by its method and tool, with what these decide. */
interface Candidates {
  /** Those that allow, deny or ask. */
  deciding: Candidate[];
  /** Those that mask or limit. */
  others: Candidate[];
  /** What holds of a request or notification where none of them decides. */
  otherwise: Outcome;
}

interface Candidate {
  rule: Rule;
  isFor: Met;
  /** Where the rule's conditions are met; of rules that mask or limit nothing. */
  outcome: Outcome;
  /** Whether it is plainly unmet wherever the one before it is: policies have many rules about the same place. */
  isLikeLast: boolean;
}

/** What candidates are found by. */
type Target = Pick<Asked, "method" | "tool" | "doubt">;

/** A session has few tools; one that makes them up shall not fill the memory. */
const MOST_KNOWN = 1000;
const LONGEST_KEY = 500;

export class Level {
  readonly compiled: CompiledLevel;
  readonly rules: Rule[];
  /** Those that act when an answer has come. */
  readonly #ofAnswers: Rule[];
  /** By method, then by tool. */
  readonly #known = new Map<string, Map<string | undefined, Candidates>>();
  #knownCount = 0;
  /** Where no rule decides. */
  readonly #allowed: Outcome;

  constructor(compiled: CompiledLevel, server: string, places: Places) {
    this.compiled = compiled;
    const isHere = (patterns: ConstructorParameters<typeof NameMatcher>[0] | undefined): boolean =>
      patterns === undefined || new NameMatcher(patterns).matches(server) !== false;
    this.rules = compiled.rules.filter(({ when }) => isHere(when.server)).map((rule) => new Rule(rule, places));
    this.#ofAnswers = this.rules.filter((rule) => actsIn(rule, "result"));
    this.#allowed = { decision: "allow", rule: "default", reason: "", ask: compiled.ask, masks: [] };
  }

  /** Whether anything but passing may come of such a request or notification. */
  concerns(method: string): boolean {
    const byDefault = this.compiled.default !== "allow" && isGoverned(method);
    const acts = (rule: Rule): boolean => actsIn(rule, "arguments") && rule.mayConcern(method, undefined);
    return byDefault || this.rules.some((rule) => acts(rule) || rule.masksTold(method));
  }

  /** For what the server tells unasked. */
  toldMasks(method: string): Mask[] {
    return this.rules.flatMap((rule) => {
      const { effect, name, on_error: onError } = rule.compiled;
      if (effect.action !== "redact" || effect.result === undefined || !rule.masksTold(method)) return [];
      return [{ rule: name, on_error: onError, masking: effect.result }];
    });
  }

  /** Whether anything may come of the answer to such a request, or must be counted of it. */
  concernsAnswer(method: string, tool: string | undefined): boolean {
    return this.#ofAnswers.some((rule) => rule.mayConcern(method, tool));
  }

  /** What a message too large to be looked at must not slip past. */
  failsClosed(method: string, phase: Phase): boolean {
    if (phase === "arguments" && this.compiled.default !== "allow" && isGoverned(method)) return true;
    const strict = this.rules.filter(
      ({ compiled }) => compiled.on_error === "block" && compiled.effect.action !== "allow",
    );
    const acts = (rule: Rule): boolean => actsIn(rule, phase) && rule.mayConcern(method, undefined);
    return strict.some((rule) => acts(rule) || (phase === "arguments" && rule.masksTold(method)));
  }

  /** Whether nothing at all here fails closed. */
  isOpen(): boolean {
    const { default: byDefault, rules } = this.compiled;
    return byDefault === "allow" && rules.every((rule) => rule.on_error === "pass" || rule.effect.action === "allow");
  }

  /** Whether something of that name may be asked for at all, whatever the arguments, as far as is known now. */
  mayAllow(kind: keyof typeof METHODS_WITH, name: string): boolean {
    for (const rule of this.rules) {
      const { effect, when, on_error: onError } = rule.compiled;
      if (effect.action === "redact" || effect.action === "limit" || !looksAt(when.findings, "arguments")) continue;
      const met = rule.isForNamed(kind, name);
      if (met === false) continue;
      const isSure = met === true || !hasOtherConditions(when);
      const isMet = met === true || (effect.action === "allow") === (onError === "pass");
      if (effect.action === "deny" || (effect.action === "ask" && met !== true)) {
        if (isSure && isMet) return false;
      } else if (isMet || !isSure) return true;
    }
    return this.compiled.default !== "deny";
  }

  /** What has to hold for a call of the tool to be allowed here; undefined where each has to be decided about. */
  allowsWhere(tool: string): PlainlyUnmet[] | undefined {
    const { deciding, others, otherwise } = this.#candidates({ method: CALL, tool, doubt: undefined });
    if (others.some(({ rule }) => actsIn(rule, "arguments"))) return undefined;
    const conditions: PlainlyUnmet[] = [];
    for (const { rule, isFor, outcome } of deciding) {
      if (!looksAt(rule.compiled.when.findings, "arguments")) continue;
      const { plainlyUnmet } = rule;
      if (plainlyUnmet !== undefined) conditions.push(plainlyUnmet);
      else return outcome.decision === "allow" && isFor === true && rule.isUnconditional ? conditions : undefined;
    }
    return otherwise.decision === "allow" ? conditions : undefined;
  }

  /** Of a request or notification. Counts it, where it is not denied here. */
  decide(asked: Asked, surroundings: Surroundings): Outcome {
    const { deciding, others, otherwise } = this.#candidates(asked);
    let outcome = this.#walk(deciding, asked, surroundings, "arguments") ?? otherwise;
    if (others.length === 0) return outcome;
    const counted: Rule[] = [];
    for (const { rule, isFor } of others) {
      const { effect } = rule.compiled;
      if (outcome.decision === "deny") return outcome;
      if (effect.action === "redact" && effect.arguments !== undefined) {
        outcome = withMask(outcome, rule, effect.arguments, rule.applies(isFor, asked, surroundings));
      } else if (effect.action === "limit" && rule.window !== undefined && counts(effect.limit)) {
        const met = rule.applies(isFor, asked, surroundings);
        if (met === false || (met !== true && rule.compiled.on_error === "pass")) continue;
        const over = met === true ? overLimit(rule, effect.limit, surroundings.now) : cannotTell(rule, met);
        if (over === undefined) counted.push(rule);
        else outcome = denied(outcome, rule, over);
      }
    }
    if (outcome.decision === "deny") return outcome;
    for (const rule of counted) rule.window?.add(surroundings.now, 1, countedBytes(rule, asked.text));
    return outcome;
  }

  /** Of the answer to a request. */
  decideAnswer(asked: Asked, answer: string, surroundings: Surroundings): Outcome {
    const { deciding, others } = this.#candidates(asked);
    let outcome = this.#walk(deciding, asked, surroundings, "result") ?? this.#allowed;
    for (const { rule, isFor } of others) {
      const { effect } = rule.compiled;
      if (effect.action === "limit" && effect.limit.bytes !== undefined) {
        if (rule.applies(isFor, asked, surroundings, false) !== true) continue;
        rule.window?.add(surroundings.now, 0, countedBytes(rule, answer));
      } else if (effect.action === "redact" && effect.result !== undefined && outcome.decision !== "deny") {
        outcome = withMask(outcome, rule, effect.result, rule.applies(isFor, asked, surroundings));
      }
    }
    return outcome;
  }

  /** How many tokens of a result go out at once: as the first rule that says so has it, or else the level. */
  mostTokens(asked: Asked, surroundings: Surroundings): number | undefined {
    for (const { rule, isFor } of this.#candidates(asked).others) {
      const { effect } = rule.compiled;
      if (effect.action !== "limit" || effect.limit.max_tokens === undefined) continue;
      if (rule.applies(isFor, asked, surroundings, false) === true) return effect.limit.max_tokens ?? undefined;
    }
    return this.compiled.max_tokens;
  }

  /** No result is bounded to fewer tokens. */
  leastBound(): number {
    const ofRules = this.rules.map(({ compiled: { effect } }) =>
      effect.action === "limit" ? effect.limit.max_tokens : undefined,
    );
    return Math.min(this.compiled.max_tokens ?? Infinity, ...ofRules.map((bound) => bound ?? Infinity));
  }

  /** The first rule that allows, denies or asks. Of answers only those about findings can deny: the rest had their say. */
  #walk(deciding: Candidate[], asked: Asked, surroundings: Surroundings, phase: Phase): Outcome | undefined {
    let isUnmet = false;
    for (const { rule, isFor, outcome, isLikeLast } of deciding) {
      if (!isLikeLast) isUnmet = rule.isPlainlyUnmet(asked);
      if (isUnmet) continue;
      const { on_error: onError, when } = rule.compiled;
      if (!looksAt(when.findings, phase)) continue;
      if (phase === "result" && outcome.decision !== "allow" && when.findings === undefined) continue;
      const met = rule.applies(isFor, asked, surroundings);
      if (met === false) continue;
      if (met === true) return outcome;
      // What cannot be told neither allows nor slips past a rule that denies, unless the rule says so.
      if (outcome.decision === "allow" && onError === "pass") return outcome;
      if (outcome.decision !== "allow" && onError === "block") return denied(outcome, rule, cannotTell(rule, met));
    }
    return undefined;
  }

  /** The same for all messages of a method and tool, but for those of which that cannot be told. */
  #candidates(asked: Target): Candidates {
    const { method, tool, doubt } = asked;
    if (doubt !== undefined || typeof tool === "object") return this.#find(asked);
    const ofMethod = this.#known.get(method);
    const known = ofMethod?.get(tool);
    if (known !== undefined) return known;
    const found = this.#find(asked);
    if (this.#knownCount >= MOST_KNOWN || method.length + (tool?.length ?? 0) >= LONGEST_KEY) return found;
    this.#knownCount++;
    if (ofMethod === undefined) this.#known.set(method, new Map([[tool, found]]));
    else ofMethod.set(tool, found);
    return found;
  }

  #find(asked: Target): Candidates {
    const found: Candidates = { deciding: [], others: [], otherwise: this.#otherwise(asked) };
    for (const rule of this.rules) {
      const isFor = asked.doubt ?? rule.isFor(asked);
      if (isFor === false) continue;
      const { effect } = rule.compiled;
      if (effect.action === "redact" || effect.action === "limit") {
        found.others.push({ rule, isFor, outcome: this.#allowed, isLikeLast: false });
        continue;
      }
      const isLikeLast = found.deciding.at(-1)?.rule.isUnmetLike(rule) === true;
      found.deciding.push({ rule, isFor, outcome: this.#outcomeOf(rule.compiled, effect), isLikeLast });
    }
    return found;
  }

  #outcomeOf({ name, reason }: CompiledRule, effect: Consequence & { action: Decision }): Outcome {
    const ask = effect.action === "ask" ? effect.ask : this.compiled.ask;
    return { ...this.#allowed, decision: effect.action, rule: name, reason: reason ?? "", ask };
  }

  #otherwise(asked: Target): Outcome {
    const { default: decision } = this.compiled;
    if (decision === "allow" || (asked.doubt === undefined && !isGoverned(asked.method))) return this.#allowed;
    return { ...this.#allowed, decision, reason: decision === "deny" ? `no rule allows ${subject(asked)}` : "" };
  }
}

function hasOtherConditions(when: Conditions): boolean {
  return when.arguments.length > 0 || (when.annotations ?? when.definition ?? when.time ?? when.findings) !== undefined;
}

/** What a message is about, for people. */
export function subject({ tool, method }: Pick<Asked, "tool" | "method">): string {
  return typeof tool === "string" ? `the tool ${shown(tool)}` : shown(method);
}

function cannotTell({ compiled }: Rule, met: Met): string {
  const why = typeof met === "boolean" ? "" : `: ${met.unclear}`;
  return `cannot tell whether the rule applies${why}${compiled.reason === undefined ? "" : ` (${compiled.reason})`}`;
}

function denied(outcome: Outcome, rule: Rule, reason: string): Outcome {
  return { ...outcome, decision: "deny", rule: rule.compiled.name, reason };
}

function withMask(outcome: Outcome, rule: Rule, masking: Masking, met: Met): Outcome {
  const { name, on_error: onError } = rule.compiled;
  if (met === true) return { ...outcome, masks: [...outcome.masks, { rule: name, on_error: onError, masking }] };
  return met !== false && onError === "block" ? denied(outcome, rule, cannotTell(rule, met)) : outcome;
}

function actsIn({ compiled: { effect, when } }: Rule, phase: Phase): boolean {
  switch (effect.action) {
    case "allow":
      return false;
    case "deny":
    case "ask":
      return phase === "arguments" ? looksAt(when.findings, phase) : when.findings?.in.includes(phase) === true;
    case "redact":
      return (phase === "arguments" ? effect.arguments : effect.result) !== undefined;
    case "limit":
      return phase === "arguments" ? counts(effect.limit) : effect.limit.bytes !== undefined;
  }
}

/** A rule without such a condition is about requests; of answers it is only asked whether it allows them. */
function looksAt(findings: FindingsCondition | undefined, phase: Phase): boolean {
  return findings === undefined || findings.in.includes(phase);
}

function counts({ calls, bytes }: Limit): boolean {
  return calls !== undefined || bytes !== undefined;
}

/** Not asked for where nobody counts them. */
function countedBytes({ compiled: { effect } }: Rule, text: string): number {
  return effect.action === "limit" && effect.limit.bytes !== undefined ? new TextEncoder().encode(text).length : 0;
}

function overLimit(rule: Rule, limit: Limit, now: number): string | undefined {
  const { calls = 0, bytes = 0 } = rule.window?.totals(now) ?? {};
  const isOver = calls >= (limit.calls ?? Infinity) || bytes >= (limit.bytes ?? Infinity);
  if (!isOver) return undefined;
  const seconds = Math.ceil((rule.window?.relief(now) ?? 0) / 1000);
  const most = [
    ...(limit.calls === undefined ? [] : [`${limit.calls} calls`]),
    ...(limit.bytes === undefined ? [] : [`${limit.bytes} bytes`]),
  ].join(" and ");
  const words = `at most ${most} in ${limit.window_ms / 1000} seconds: again in ${seconds} seconds`;
  return rule.compiled.reason === undefined ? words : `${rule.compiled.reason} (${words})`;
}
