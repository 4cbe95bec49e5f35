/**
 * A command line as bash's completion sees it: the words before the cursor without their quotes, and candidates written
 * so that bash takes them for what they are. Nothing is expanded or run on the way.
 */
import type { Candidate } from "./complete.ts";

export interface BashLine {
  /** Behind the name of the program. */
  typed: string[];
  current: string;
  /** What bash takes from a candidate: it puts it in place of what stands behind the last of its word breaks. */
  quote(value: string): string;
}

type Quote = "" | "'" | '"';

interface Word {
  text: string;
  /** How much of `text` bash leaves alone when it completes the word. */
  kept: number;
  /** The quote that is open at its end. */
  quote: Quote;
}

/** @param breaks the shell's `COMP_WORDBREAKS` */
export function readBashLine(line: string, breaks: string): BashLine {
  const words = split(line, breaks);
  const { text, kept, quote } = words.pop() ?? { text: "", kept: 0, quote: "" as const };
  return {
    typed: words.slice(1).map((word) => word.text),
    current: text,
    quote: (value) => quoted(value.slice(kept), quote),
  };
}

function split(line: string, breaks: string): Word[] {
  const words: Word[] = [];
  let word: Word | undefined;
  let quote: Quote = "";
  let keptBefore = 0;
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string;
    const next = line[i + 1];
    if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= { text: "", kept: 0, quote: "" };
    if (quote !== "'" && character === "\\" && (quote === "" || (next !== undefined && '"\\$`'.includes(next)))) {
      word.text += next ?? "";
      i++;
    } else if (quote === "" && (character === "'" || character === '"')) {
      quote = character;
      keptBefore = word.kept;
      word.kept = word.text.length;
    } else if (character === quote) {
      quote = "";
      word.kept = keptBefore;
    } else {
      word.text += character;
      if (quote === "" && breaks.includes(character)) word.kept = word.text.length;
    }
  }
  return [...words, { ...(word ?? { text: "", kept: 0 }), quote }];
}

/** Behind an open quote bash itself closes it. */
function quoted(value: string, quote: Quote): string {
  if (quote === "'") return value.replaceAll("'", String.raw`'\''`);
  // Between double quotes nothing keeps an exclamation mark from recalling an earlier command.
  if (quote === '"') return value.replace(/["\\$`]/g, String.raw`\$&`).replaceAll("!", String.raw`"\!"`);
  return value.replace(/[^\p{L}\p{N}@%+=:,./_-]/gu, String.raw`\$&`);
}

/** Lines for a list that people read and bash does not insert. */
export function bashList(candidates: Candidate[], width: number): string[] {
  const longest = Math.max(...candidates.map(({ value }) => Bun.stringWidth(value)));
  return candidates.map(({ value, description }) => {
    if (description === undefined) return value;
    const gap = " ".repeat(longest - Bun.stringWidth(value) + 2);
    const line = `${value}${gap}(${description})`;
    // A line as wide as the terminal would let bash begin a second column.
    return Bun.stringWidth(line) < width ? line : `${Bun.sliceAnsi(line, 0, Math.max(width - 3, longest))}…`;
  });
}
