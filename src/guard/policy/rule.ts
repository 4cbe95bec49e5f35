/** `Rule`: a compiled rule with its conditions made ready, so that asking it takes microseconds. */
import { ArgumentTest } from "./argument-test.ts";
import type { Asked } from "./asked.ts";
import type { CompiledRule, Conditions, FindingsCondition } from "./compiled.ts";
import { CALL, COMPLETION, isTold, METHODS_WITH, methodTest } from "./governed.ts";
import { type TimeTest, timeTest } from "./local-time.ts";
import { all, and, type Met } from "./met.ts";
import { folded, NameMatcher } from "./name-matcher.ts";
import type { Places } from "./places.ts";
import { ResourceMatcher } from "./resource-matcher.ts";
import type { ToolFacts } from "../../stream/verdict.ts";
import type { PlainlyUnmet } from "./shortcut.ts";
import { SlidingWindow } from "./sliding-window.ts";

/** What rules ask about that does not stand in the message. */
export interface Surroundings {
  /** 0 where no rule asks for it. */
  now: number;
  /** About the tools that were listed; undefined before any were. */
  facts: ReadonlyMap<string, ToolFacts> | undefined;
  /** Whether there are such findings in what is looked at now. */
  found(condition: FindingsCondition): Met;
}

export class Rule {
  readonly compiled: CompiledRule;
  /** Of a rule that limits. */
  readonly window: SlidingWindow | undefined;
  readonly #method: (method: string) => Met;
  readonly #tool: NameMatcher | undefined;
  readonly #prompt: NameMatcher | undefined;
  readonly #resource: ResourceMatcher | undefined;
  readonly #arguments: ArgumentTest[];
  readonly #time: TimeTest | undefined;

  /** @throws RangeError for a time zone that this machine does not know */
  constructor(compiled: CompiledRule, places: Places) {
    this.compiled = compiled;
    const { when, effect } = compiled;
    const about = subjectOf(when);
    const isFor = methodTest(when.method, about);
    const isWide = effect.action === "redact" && when.method === undefined && about === undefined;
    this.#method = isWide ? (method) => method === COMPLETION || isFor(method) : isFor;
    this.#tool = when.tool && new NameMatcher(when.tool);
    this.#prompt = when.prompt && new NameMatcher(when.prompt);
    this.#resource = when.resource && new ResourceMatcher(when.resource);
    this.#arguments = when.arguments.map((condition) => new ArgumentTest(condition, effect.action === "allow", places));
    this.#time = when.time && timeTest(when.time);
    this.window = effect.action === "limit" ? new SlidingWindow(effect.limit.window_ms) : undefined;
  }

  get asksForTime(): boolean {
    return this.#time !== undefined || this.window !== undefined;
  }

  /** Whether it may be about such a message, whatever else is in it. */
  mayConcern(method: string, tool: string | undefined): boolean {
    if (this.#method(method) === false) return false;
    return tool === undefined || this.#tool === undefined || this.#tool.matches(tool) !== false;
  }

  /** Whether it masks what the server tells unasked. Of which tool that is told is not known, so rules about any do. */
  masksTold(method: string): boolean {
    const { effect, when } = this.compiled;
    if (!isTold(method) || effect.action !== "redact" || effect.result === undefined) return false;
    return when.method === undefined || this.#method(method) !== false;
  }

  /** What the name alone decides, whatever else is in the message; `unclear` too where other conditions have a say. */
  isForNamed(kind: keyof typeof METHODS_WITH, name: string): Met {
    const { when } = this.compiled;
    const [method] = METHODS_WITH[kind];
    const about = subjectOf(when);
    if ((about !== undefined && about !== kind) || this.#method(method) === false) return false;
    const asked = { prompt: undefined, resource: undefined, [kind]: name };
    const ofName = kind === "tool" ? (this.#tool?.matches(name) ?? true) : this.#isForThing(asked);
    const hasMore = when.arguments.length > 0 || (when.annotations ?? when.definition ?? when.time ?? when.findings);
    return hasMore ? and(ofName, { unclear: "it depends" }) : ofName;
  }

  /** What the method and the tool alone decide. */
  isFor({ method, tool }: Pick<Asked, "method" | "tool">): Met {
    const ofMethod = this.#method(method);
    if (ofMethod === false) return false;
    const ofTool = this.#isForTool(method, tool);
    return ofMethod === true || ofTool === false ? ofTool : ofMethod;
  }

  /** Whether it does not apply, as far as one look at its first condition on arguments tells. */
  isPlainlyUnmet(asked: Asked): boolean {
    return asked.doubt === undefined && this.#arguments[0]?.isPlainlyUnmet(asked) === true;
  }

  /** When it is so of calls; undefined where that cannot be said before there is one. */
  get plainlyUnmet(): PlainlyUnmet | undefined {
    return this.#arguments[0]?.plainlyUnmet;
  }

  /** Whether nothing but the method and the tool counts. */
  get isUnconditional(): boolean {
    const { annotations, definition, prompt, resource, time, findings } = this.compiled.when;
    const conditions = [annotations, definition, prompt, resource, time, findings, this.#arguments[0]];
    return conditions.every((condition) => condition === undefined);
  }

  /** Whether that is so of the other too, whenever it is of this one. */
  isUnmetLike(other: Rule): boolean {
    const [one] = this.#arguments;
    const [another] = other.#arguments;
    return one !== undefined && another !== undefined && one.isUnmetLike(another);
  }

  /** @param isFor what the method and the tool decide, which is not false */
  applies(isFor: Met, asked: Asked, surroundings: Surroundings, withFindings = true): Met {
    if (asked.doubt !== undefined) return asked.doubt;
    if (this.#time !== undefined && !this.#time(surroundings.now)) return false;
    const { annotations, definition, findings } = this.compiled.when;
    let met = and(isFor, this.#isForThing(asked));
    if (met === false) return false;
    if (annotations !== undefined || definition !== undefined) met = and(met, this.#factsMet(asked, surroundings));
    if (this.#arguments.length > 0 && asked.argumentsDoubt !== undefined) met = and(met, asked.argumentsDoubt);
    else {
      for (const test of this.#arguments) {
        met = and(met, test.met(asked));
        if (met === false) return false;
      }
    }
    return withFindings && findings !== undefined && met !== false ? and(met, surroundings.found(findings)) : met;
  }

  #isForTool(method: string, tool: Asked["tool"]): Met {
    if (this.#tool === undefined) return true;
    // Of the result of a task that began before this session; rules that allow do not hold for it.
    if (tool === undefined) return folded(method) === CALL && this.compiled.effect.action !== "allow";
    return typeof tool === "string" ? this.#tool.matches(tool) : tool;
  }

  #isForThing({ prompt, resource }: Pick<Asked, "prompt" | "resource">): Met {
    const met = (name: Asked["prompt"], matcher: { matches(name: string): Met } | undefined): Met =>
      matcher === undefined || (typeof name === "string" ? matcher.matches(name) : (name ?? false));
    return and(met(prompt, this.#prompt), met(resource, this.#resource));
  }

  #factsMet({ tool }: Asked, { facts }: Surroundings): Met {
    const { annotations, definition } = this.compiled.when;
    if (tool === undefined) return true;
    if (typeof tool !== "string") return tool;
    const known = facts?.get(tool);
    const hints = Object.entries(annotations ?? {}).map(([name, value]): Met => {
      return (known?.annotations?.[name] ?? HINTS[name]) === value;
    });
    if (definition === undefined) return all(hints);
    if (facts === undefined) return all([...hints, { unclear: "the tools were not listed yet" }]);
    const status = known?.status ?? "new";
    return all([...hints, status !== "accepted" && definition.includes(status)]);
  }
}

function subjectOf({ tool, annotations, definition, prompt, resource }: Conditions) {
  if ((tool ?? annotations ?? definition) !== undefined) return "tool";
  return prompt === undefined ? resource && "resource" : "prompt";
}

/** What holds for a tool that does not say, by the specification. */
const HINTS: Record<string, boolean> = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
};
