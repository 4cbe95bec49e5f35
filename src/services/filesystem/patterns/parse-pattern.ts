/**
 * `parsePattern`: a regular expression as a tree. It has what can be matched in linear time: no groups that are referred back to, and
 * nothing that looks ahead or behind.
 */

export type PatternNode =
  /** One character of the ranges, or of no range; each a first and a last code point. */
  | { kind: "set"; ranges: Range[]; isInverted?: boolean }
  | { kind: "sequence"; parts: PatternNode[] }
  | { kind: "choice"; options: PatternNode[] }
  | { kind: "repeat"; node: PatternNode; min: number; max: number }
  | { kind: "assert"; what: Assertion };

export type Range = readonly [first: number, last: number];
export type Assertion = "start" | "end" | "word" | "not-word";

export type ParsedPattern = { node: PatternNode } | { problem: string };

const MOST_REPEATS = 1000;
const MOST_DEPTH = 100;
const LAST = 0x10ffff;

export const DIGITS: Range[] = [[0x30, 0x39]];
export const WORD: Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const SPACE: Range[] = [
  [9, 13],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const ESCAPED_SETS: Record<string, Range[]> = {
  d: DIGITS,
  D: inverted(DIGITS),
  w: WORD,
  W: inverted(WORD),
  s: SPACE,
  S: inverted(SPACE),
};
const ESCAPED: Record<string, string> = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", 0: "\0" };
/** All but the end of a line. */
const DOT = inverted([[0x0a, 0x0a]]);

/** @param source as in RegExp, without slashes and flags */
export function parsePattern(source: string): ParsedPattern {
  const parser = new Parser(Array.from(source));
  try {
    return { node: parser.whole() };
  } catch (error) {
    if (error instanceof NotAPattern) return { problem: error.message };
    throw error;
  }
}

export function inverted(ranges: readonly Range[]): Range[] {
  const gaps: Range[] = [];
  let from = 0;
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    if (first > from) gaps.push([from, first - 1]);
    from = Math.max(from, last + 1);
  }
  if (from <= LAST) gaps.push([from, LAST]);
  return gaps;
}

class NotAPattern extends Error {}

class Parser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(characters: readonly string[]) {
    this.#characters = characters;
  }

  whole(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#characters.length) throw new NotAPattern("a ) has no ( before it");
    return node;
  }

  #choice(): PatternNode {
    if (++this.#depth > MOST_DEPTH) throw new NotAPattern("its groups are nested too deeply");
    const options = [this.#sequence()];
    while (this.#take("|")) options.push(this.#sequence());
    this.#depth--;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== "|" && next !== ")"; next = this.#peek()) {
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: "sequence", parts };
  }

  #repeated(atom: PatternNode): PatternNode {
    let node = atom;
    for (let bounds = this.#bounds(); bounds !== undefined; bounds = this.#bounds()) {
      if (node.kind === "assert") throw new NotAPattern("there is nothing to repeat");
      node = { kind: "repeat", node, ...bounds };
      this.#take("?"); // how much it prefers to take makes no difference to whether it matches
      if (this.#peek() === "+") throw new NotAPattern("it has a possessive quantifier");
    }
    return node;
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#take("*")) return { min: 0, max: Infinity };
    if (this.#take("+")) return { min: 1, max: Infinity };
    if (this.#take("?")) return { min: 0, max: 1 };
    const written = /^\{(\d{1,6})(?:(,)(\d{1,6})?)?\}/.exec(this.#characters.slice(this.#at, this.#at + 16).join(""));
    if (written === null) return undefined;
    this.#at += written[0].length;
    const min = Number(written[1]);
    const max = written[2] === undefined ? min : written[3] === undefined ? Infinity : Number(written[3]);
    if (min > max) throw new NotAPattern(`in ${written[0]} the first number is the larger one`);
    if (min > MOST_REPEATS || (max !== Infinity && max > MOST_REPEATS)) {
      throw new NotAPattern(`${written[0]} repeats more than ${MOST_REPEATS} times`);
    }
    return { min, max };
  }

  #atom(): PatternNode {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return this.#class();
      case ".":
        return { kind: "set", ranges: DOT };
      case "^":
        return { kind: "assert", what: "start" };
      case "$":
        return { kind: "assert", what: "end" };
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
        throw new NotAPattern("there is nothing to repeat");
      default:
        return only(character);
    }
  }

  #group(): PatternNode {
    if (this.#take("?")) {
      const isNamed = this.#peek() === "<" && !/[=!]/.test(this.#characters[this.#at + 1] ?? "");
      if (isNamed) while (this.#next() !== ">");
      else if (!this.#take(":"))
        throw new NotAPattern("it looks ahead or behind, or has flags, which is not possible here");
    }
    const node = this.#choice();
    if (!this.#take(")")) throw new NotAPattern("a ( has no ) behind it");
    return node;
  }

  #escape(): PatternNode {
    const character = this.#next();
    if (character === "b") return { kind: "assert", what: "word" };
    if (character === "B") return { kind: "assert", what: "not-word" };
    if (/[1-9k]/.test(character)) throw new NotAPattern("it refers back to a group, which is not possible here");
    const ranges = ESCAPED_SETS[character];
    return ranges === undefined ? only(this.#escaped(character)) : { kind: "set", ranges };
  }

  /** One character, of which the one behind the backslash has been read. */
  #escaped(character: string): string {
    const known = ESCAPED[character];
    if (known !== undefined) return known;
    const digits = { x: 2, u: 4 }[character];
    if (digits === undefined) {
      if (/[A-Za-z]/.test(character)) throw new NotAPattern(`\\${character} is not known here`);
      return character;
    }
    const isBraced = character === "u" && this.#take("{");
    let code = "";
    while (isBraced ? this.#peek() !== "}" : code.length < digits) code += this.#next();
    if (isBraced) this.#at++;
    const point = /^[0-9a-f]{1,6}$/i.test(code) ? Number.parseInt(code, 16) : Infinity;
    if (point > LAST) throw new NotAPattern(`\\${character} needs the number of a character`);
    return String.fromCodePoint(point);
  }

  #class(): PatternNode {
    const isInverted = this.#take("^");
    const ranges: Range[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== "]"; isFirst = false) {
      if (isFirst && this.#peek() === "]") break;
      const first = this.#member();
      const isRange = this.#peek() === "-" && this.#characters[this.#at + 1] !== "]";
      if (!isRange || typeof first !== "string") {
        ranges.push(...(typeof first === "string" ? [pointOf(first)] : first));
        continue;
      }
      this.#at++;
      const last = this.#member();
      if (typeof last !== "string") throw new NotAPattern("a range of characters ends with a kind of them");
      const range: Range = [pointOf(first)[0], pointOf(last)[0]];
      if (range[0] > range[1]) throw new NotAPattern(`the range ${first}-${last} is out of order`);
      ranges.push(range);
    }
    this.#at++;
    return { kind: "set", ranges, isInverted };
  }

  #member(): string | Range[] {
    const character = this.#next();
    if (character !== "\\") return character;
    const escaped = this.#next();
    if (escaped === "b") return "\b";
    return ESCAPED_SETS[escaped] ?? this.#escaped(escaped);
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw new NotAPattern("it ends too early");
    return character;
  }
}

function only(character: string): PatternNode {
  return { kind: "set", ranges: [pointOf(character)] };
}

function pointOf(character: string): Range {
  const point = character.codePointAt(0) ?? 0;
  return [point, point];
}
