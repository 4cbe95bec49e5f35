/** `InspectedText`: one string of what is inspected, with what several rules ask about it, worked out once. */
import { plainText } from "./plain-text.ts";
import { examplesIn } from "./quotations.ts";
import { findSignals, type Signal } from "./signals.ts";

/** A member or an element on the way from the whole to a text. */
export interface Step {
  parent: Step | undefined;
  name: string | number;
  depth: number;
}

/**
 * What a text is: a `name` of a tool or of something that it takes, `prose` for the model to read, or a `value`, which is
 * whatever else stands there.
 */
export type TextRole = "name" | "prose" | "value";

export class InspectedText {
  readonly text: string;
  readonly role: TextRole;
  readonly #step: Step | undefined;
  #plain: string | undefined;
  #signals: readonly Signal[] | undefined;
  #quoted: readonly Signal[] = [];

  constructor(text: string, role: TextRole, step: Step | undefined) {
    this.text = text;
    this.role = role;
    this.#step = step;
  }

  /** `inputSchema.properties.path.description`. Long ones are cut in the middle, so that no nesting makes much of them. */
  get place(): string {
    const names: string[] = [];
    let left = MAX_STEPS;
    for (let step = this.#step; step !== undefined && left > 0; step = step.parent, left--) {
      names.unshift(typeof step.name === "number" ? `[${step.name}]` : memberName(step.name));
    }
    if (left === 0) names.unshift("…");
    return names.join("").replace(/^\./, "");
  }

  /** Name of the innermost member that it stands under, or "". */
  get member(): string {
    for (let step = this.#step; step !== undefined; step = step.parent) {
      if (typeof step.name === "string") return step.name;
    }
    return "";
  }

  /** As a model would read it: see plain-text.ts. */
  get plain(): string {
    return (this.#plain ??= plainText(this.text));
  }

  /** In the order in which they stand in `plain`. */
  get signals(): readonly Signal[] {
    this.#signals ??= this.#findSignals();
    return this.#signals;
  }

  /** Those that are quoted as examples of attacks (quotations.ts), which are not among the others. */
  get quotedSignals(): readonly Signal[] {
    this.#signals ??= this.#findSignals();
    return this.#quoted;
  }

  #findSignals(): readonly Signal[] {
    const signals = findSignals(this.plain);
    const examples = signals.length === 0 ? [] : examplesIn(this.plain);
    if (examples.length === 0) return signals;
    let next = 0;
    const { quoted = [], meant = [] } = Object.groupBy(signals, ({ start }) => {
      while ((examples[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next++;
      return (examples[next]?.start ?? Number.POSITIVE_INFINITY) <= start ? "quoted" : "meant";
    });
    this.#quoted = quoted;
    return meant;
  }
}

const MAX_STEPS = 32;
const MAX_NAME = 60;

function memberName(name: string): string {
  const short = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
  return /^[\w$-]+…?$/.test(short) ? `.${short}` : `[${JSON.stringify(short)}]`;
}
