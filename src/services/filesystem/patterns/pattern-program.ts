/** `compileProgram`: the tree of a pattern as steps between states, as Thompson's construction makes them. */
import { type Assertion, inverted, type PatternNode, type Range } from "./parse-pattern.ts";

/** What is done in a state; `next` and `other` are the indices of states. */
export type Step =
  | { kind: "take"; ranges: readonly Range[]; next: number }
  | { kind: "fork"; next: number; other: number }
  | { kind: "assert"; what: Assertion; next: number }
  | { kind: "found" };

export interface Program {
  steps: readonly Step[];
  start: number;
}

const MOST_STEPS = 5000;

/** Undefined for one that is too large. */
export function compileProgram(node: PatternNode, { ignoreCase }: { ignoreCase: boolean }): Program | undefined {
  const steps: Step[] = [{ kind: "found" }];
  const add = (step: Step): number => {
    if (steps.length >= MOST_STEPS) throw new TooLarge();
    return steps.push(step) - 1;
  };

  /** @returns the state in which the node begins, with `next` behind it */
  function compiled(one: PatternNode, next: number): number {
    switch (one.kind) {
      case "set":
        return add({ kind: "take", ranges: rangesOf(one, ignoreCase), next });
      case "assert":
        return add({ kind: "assert", what: one.what, next });
      case "sequence":
        return one.parts.reduceRight((behind, part) => compiled(part, behind), next);
      case "choice":
        return one.options
          .map((option) => compiled(option, next))
          .reduceRight((other, option) => add({ kind: "fork", next: option, other }));
      case "repeat":
        return repeated(one, next);
    }
  }

  function repeated({ node: inner, min, max }: PatternNode & { kind: "repeat" }, next: number): number {
    let behind = next;
    if (max === Infinity) {
      const fork = { kind: "fork" as const, next, other: next };
      behind = add(fork);
      fork.next = compiled(inner, behind);
    } else {
      for (let count = min; count < max; count++)
        behind = add({ kind: "fork", next: compiled(inner, behind), other: next });
    }
    for (let count = 0; count < min; count++) behind = compiled(inner, behind);
    return behind;
  }

  try {
    return { start: compiled(node, 0), steps };
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
}

class TooLarge extends Error {}

function rangesOf({ ranges, isInverted }: PatternNode & { kind: "set" }, ignoreCase: boolean): Range[] {
  const both = ignoreCase ? bothCases(ranges) : ranges;
  return isInverted === true ? inverted(both) : both;
}

/** Larger ranges have most of both already. */
const MOST_FOLDED = 1000;

function bothCases(ranges: readonly Range[]): Range[] {
  const more: Range[] = [];
  for (const [first, last] of ranges) {
    if (last - first > MOST_FOLDED) {
      more.push(...foldedLetters(first, last));
      continue;
    }
    for (let point = first; point <= last; point++) {
      const character = String.fromCodePoint(point);
      for (const other of [character.toLowerCase(), character.toUpperCase()]) {
        const [folded] = Array.from(other, (one) => one.codePointAt(0) ?? 0);
        if (folded !== undefined && folded !== point) more.push([folded, folded]);
      }
    }
  }
  return [...ranges, ...more];
}

/** Of a large range, the letters A to Z in their other case. */
function foldedLetters(first: number, last: number): Range[] {
  const shifted = (from: number, to: number, by: number): Range[] => {
    const [a, b] = [Math.max(first, from), Math.min(last, to)];
    return a <= b ? [[a + by, b + by]] : [];
  };
  return [...shifted(0x41, 0x5a, 32), ...shifted(0x61, 0x7a, -32)];
}
