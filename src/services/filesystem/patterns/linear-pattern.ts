/**
 * `LinearPattern`: a regular expression whose search takes time in proportion to the length of the text, whatever the expression
 * and the text are: models write both. It steps through all states of the program at once, and remembers what came of that.
 */
import { parsePattern, type PatternNode, WORD } from "./parse-pattern.ts";
import { compileProgram, type Program } from "./pattern-program.ts";

/** A set of states, with what was before it. */
interface Reached {
  states: readonly number[];
  /** Whether the character before was one of a word; undefined at the beginning. */
  afterWord: boolean | undefined;
  /** By code point: what follows it, FOUND where the pattern has matched before it. */
  after: Map<number, Reached | typeof FOUND>;
  atEnd: boolean | undefined;
}

const FOUND = Symbol("found");
/** Steps and states of sets: what was remembered is forgotten then. */
const MOST_REMEMBERED = 500_000;
const LARGE = 0x10000;

export type MadePattern = { pattern: LinearPattern } | { problem: string };

/** Texts are searched for a place where it matches; whole ones only with `^` and `$`. */
export function linearPattern(source: string, options: { ignoreCase: boolean }): MadePattern {
  const parsed = parsePattern(source);
  return "problem" in parsed ? parsed : patternOf(parsed.node, options);
}

export function patternOf(node: PatternNode, options: { ignoreCase: boolean }): MadePattern {
  const program = compileProgram(node, options);
  return program === undefined ? { problem: "it is too large" } : { pattern: new LinearPattern(program) };
}

export class LinearPattern {
  readonly #program: Program;
  /** The marks of the states that a closure has been through, by its number. */
  readonly #seen: Uint32Array;
  #closures = 0;
  #known = new Map<string, Reached>();
  #remembered = 0;
  #begin: Reached;

  constructor(program: Program) {
    this.#program = program;
    this.#seen = new Uint32Array(program.steps.length);
    this.#begin = this.#reached([], undefined);
  }

  /** Where the first match is known to be one: the index behind it, or -1. */
  find(text: string): number {
    let reached = this.#begin;
    for (let at = 0; at < text.length; at++) {
      const point = text.codePointAt(at) ?? 0;
      const next = reached.after.get(point) ?? this.#step(reached, point);
      if (next === FOUND) return at;
      reached = next;
      if (point >= LARGE) at++;
    }
    reached.atEnd ??= this.#closure(reached, undefined) === FOUND;
    return reached.atEnd ? text.length : -1;
  }

  #step(reached: Reached, point: number): Reached | typeof FOUND {
    const taken = this.#closure(reached, point);
    const next = taken === FOUND ? FOUND : this.#reached(taken, isWord(point));
    this.#remembered += 1;
    if (this.#remembered > MOST_REMEMBERED) this.#forget();
    else reached.after.set(point, next);
    return next;
  }

  /**
   * All that can be reached without taking a character, a new attempt among it, and of that what takes this one.
   *
   * @param point undefined at the end
   */
  #closure({ states, afterWord }: Reached, point: number | undefined): number[] | typeof FOUND {
    const { steps, start } = this.#program;
    const mark = ++this.#closures;
    const isNextWord = point !== undefined && isWord(point);
    const pending = [...states, start];
    const taken = new Set<number>();
    for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
      if (this.#seen[state] === mark) continue;
      this.#seen[state] = mark;
      const step = steps[state];
      if (step === undefined || step.kind === "found") return FOUND;
      if (step.kind === "fork") pending.push(step.other, step.next);
      else if (step.kind === "take") {
        if (point !== undefined && step.ranges.some(([first, last]) => point >= first && point <= last))
          taken.add(step.next);
      } else {
        const isBetween = (afterWord ?? false) !== isNextWord;
        const holds = {
          start: afterWord === undefined,
          end: point === undefined,
          word: isBetween,
          "not-word": !isBetween,
        };
        if (holds[step.what]) pending.push(step.next);
      }
    }
    return [...taken];
  }

  #reached(states: number[], afterWord: boolean | undefined): Reached {
    const sorted = states.toSorted((a, b) => a - b);
    const key = `${afterWord} ${sorted.join()}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = { states: sorted, afterWord, after: new Map(), atEnd: undefined };
      this.#known.set(key, known);
      this.#remembered += sorted.length;
    }
    return known;
  }

  #forget(): void {
    this.#known = new Map();
    this.#remembered = 0;
    this.#begin = this.#reached([], undefined);
  }
}

function isWord(point: number): boolean {
  return WORD.some(([first, last]) => point >= first && point <= last);
}
