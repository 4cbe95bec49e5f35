/**
 * `tokensOf`: the words, names and signs of a statement, without its texts and comments. It is no parser: it serves to refuse
 * plainly what the server would refuse too, and to find the functions that a statement names.
 */
import type { Dialect } from "../connection.ts";

export type Token =
  /** A keyword or a name without quotes, in lower case. */
  | { kind: "word"; text: string }
  /** In quotes. */
  | { kind: "name"; text: string }
  | { kind: "number"; text: string }
  /** A text or the place of a parameter; what it says does not matter, only where it stands. */
  | { kind: "text"; from: number; to: number }
  | { kind: "symbol"; text: string };

export type Tokens = { tokens: Token[]; problem?: undefined } | { problem: string };

interface Rule {
  /** Sticky. */
  pattern: RegExp;
  token?: (match: string, from: number) => Token;
  problem?: string;
}

/** @returns a problem for what is not complete, or cannot be told for sure */
export function tokensOf(sql: string, dialect: Dialect): Tokens {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    if (dialect === "postgres" && sql.startsWith("/*", at)) {
      const end = endOfNested(sql, at);
      if (end === undefined) return { problem: UNFINISHED };
      at = end;
      continue;
    }
    const found = ruleAt(RULES[dialect], sql, at);
    if (found === undefined) return { problem: UNFINISHED };
    const { rule, match } = found;
    if (rule.problem !== undefined) return { problem: rule.problem };
    if (rule.token !== undefined) tokens.push(rule.token(match, at));
    at += match.length;
  }
  return { tokens };
}

function ruleAt(rules: readonly Rule[], sql: string, at: number): { rule: Rule; match: string } | undefined {
  for (const rule of rules) {
    rule.pattern.lastIndex = at;
    const [match] = rule.pattern.exec(sql) ?? [];
    if (match !== undefined && match !== "") return { rule, match };
  }
  return undefined;
}

/** Of a comment, in which others may stand. */
function endOfNested(sql: string, start: number): number | undefined {
  const sign = /\/\*|\*\//g;
  sign.lastIndex = start;
  let depth = 0;
  for (let match = sign.exec(sql); match !== null; match = sign.exec(sql)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return sign.lastIndex;
  }
  return undefined;
}

const UNFINISHED = "a text, a name or a comment in it has no end";
const text = (match: string, from: number): Token => ({ kind: "text", from, to: from + match.length });
/** As PostgreSQL has it, other letters than those of ASCII stay as they are. */
const word = (match: string): Token => ({
  kind: "word",
  text: match.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
});
const number = (match: string): Token => ({ kind: "number", text: match });
const symbol = (match: string): Token => ({ kind: "symbol", text: match });
/** A name in quotes, of which two mean one. */
const quoted = (match: string): Token => {
  const quote = match.slice(-1);
  return { kind: "name", text: match.slice(1, -1).replaceAll(quote + quote, quote) };
};

const BLANKS: Rule = { pattern: /\s+/y };
const LINE_COMMENT: Rule = { pattern: /--[^\n\r]*/y };
const COMMENT: Rule = { pattern: /\/\*[^]*?\*\//y };
const NUMBER: Rule = { pattern: /\d[\w.]*|\.\d\w*/y, token: number };
/** One sign, but none that begins what has not ended. */
const SYMBOL: Rule = { pattern: /(?!\/\*)[^\s'"`]/y, token: symbol };
const PLAIN_TEXT: Rule = { pattern: /'(?:[^']|'')*'(?!')/y, token: text };
const QUOTED: Rule = { pattern: /"(?:[^"]|"")*"(?!")/y, token: quoted };
const BACKTICKS: Rule = { pattern: /`(?:[^`]|``)*`(?!`)/y, token: quoted };

/** Each sees standard_conforming_strings, and no ANSI_QUOTES and NO_BACKSLASH_ESCAPES: connections set these themselves. */
const RULES: Record<Dialect, readonly Rule[]> = {
  postgres: [
    BLANKS,
    LINE_COMMENT,
    { pattern: /e'(?:[^'\\]|''|\\[^])*'(?!')/iy, token: text },
    {
      pattern: /u&["']/iy,
      problem: "names and texts that begin with U& are not taken: write the characters themselves",
    },
    { pattern: /[bxn]'(?:[^']|'')*'(?!')/iy, token: text },
    PLAIN_TEXT,
    QUOTED,
    { pattern: /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[^]*?\$\1\$/y, token: text },
    { pattern: /\$\d+/y, token: text },
    { pattern: /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y, token: word },
    NUMBER,
    // Nor a dollar of a text that has not ended.
    { pattern: /(?!\/\*|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)[^\s'"]/y, token: symbol },
  ],
  mysql: [
    BLANKS,
    { pattern: /--(?=\s|$)[^\n]*|#[^\n]*/y },
    { pattern: /\/\*M?!/y, problem: "comments that the server runs (/*! ... */) are not taken" },
    COMMENT,
    { pattern: /'(?:[^'\\]|''|\\[^])*'(?!')/y, token: text },
    { pattern: /"(?:[^"\\]|""|\\[^])*"(?!")/y, token: text },
    BACKTICKS,
    { pattern: /\d+(?:\.\d*)?(?:e[-+]?\d+)?(?![\w$])|\.\d+(?:e[-+]?\d+)?/iy, token: number },
    { pattern: /[\w$\u0080-\uffff]+/y, token: word },
    SYMBOL,
  ],
  sqlite: [
    BLANKS,
    LINE_COMMENT,
    COMMENT,
    PLAIN_TEXT,
    QUOTED,
    BACKTICKS,
    { pattern: /\[[^\]]*\]/y, token: (match) => ({ kind: "name", text: match.slice(1, -1) }) },
    { pattern: /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y, token: word },
    NUMBER,
    { pattern: /(?!\/\*)[^\s'"`[]/y, token: symbol },
  ],
};

export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === "word" && words.includes(token.text);
}

export function isSymbol(token: Token | undefined, text: string): boolean {
  return token?.kind === "symbol" && token.text === text;
}

/** Of what is a name, or could be one. */
export function nameOf(token: Token | undefined): string | undefined {
  return token?.kind === "word" || token?.kind === "name" ? token.text : undefined;
}
