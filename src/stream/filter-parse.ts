/**
 * The grammar of the filter language: text to a tree of terms, each with its column.
 *
 *     expression = all { "or" all }
 *     all        = one { ["and"] one }          adjacent terms mean "and"
 *     one        = ("not" | "!") one | "(" expression ")" | term
 *     term       = field ":" value | word | quoted | "/" regular expression "/" flags
 */
import { filterError } from "./filter-error.ts";

/** `at` is the index in the expression of the term's first character. */
export type FilterTerm =
  | { kind: "field"; at: number; field: string; value: string; valueAt: number }
  | { kind: "text"; at: number; text: string }
  | { kind: "regex"; at: number; source: string; flags: string };

export type FilterNode = FilterTerm | { kind: "and" | "or"; terms: FilterNode[] } | { kind: "not"; term: FilterNode };

interface Token {
  type: "(" | ")" | "and" | "or" | "not" | "term" | "end";
  at: number;
  /** As it stands in the expression. */
  text: string;
  term?: FilterTerm;
}

/** Far more than anyone writes, far less than the stack holds. */
const MAX_DEPTH = 200;

/**
 * @returns undefined for an expression without terms, which lets everything through
 * @throws KmError FLT_001
 */
export function parseExpression(expression: string): FilterNode | undefined {
  const tokens = tokenize(expression);
  let position = 0;
  const peek = (): Token => tokens[position] ?? { type: "end", at: expression.length, text: "" };

  if (peek().type === "end") return undefined;
  const tree = parseOr(0);
  if (peek().type === ")") {
    throw filterError(expression, peek().at, 'no "(" opens this ")"', 'Quote it to search for text: ")".');
  }
  return tree;

  function parseOr(depth: number): FilterNode {
    const terms = [parseAnd(depth)];
    while (peek().type === "or") {
      position++;
      terms.push(parseAnd(depth));
    }
    return join("or", terms);
  }

  function parseAnd(depth: number): FilterNode {
    const terms = [parseOne(depth)];
    for (;;) {
      const { type } = peek();
      if (type === "end" || type === "or" || type === ")") return join("and", terms);
      if (type === "and") position++;
      terms.push(parseOne(depth));
    }
  }

  function parseOne(depth: number): FilterNode {
    const token = peek();
    if (depth > MAX_DEPTH) throw filterError(expression, token.at, "nested too deeply", "Write it flatter.");
    position++;
    if (token.type === "not") return { kind: "not", term: parseOne(depth + 1) };
    if (token.type === "(") {
      const inside = parseOr(depth + 1);
      if (peek().type !== ")") {
        throw filterError(expression, token.at, 'this "(" is never closed', 'Add the missing ")".');
      }
      position++;
      return inside;
    }
    if (token.term !== undefined) return token.term;
    const found = token.type === "end" ? "the end" : `"${token.text}"`;
    throw filterError(
      expression,
      token.at,
      `expected a term, found ${found}`,
      token.type === "and" || token.type === "or"
        ? `Quote it to search for the word: "${token.text}".`
        : "A term is, for example, is:error or tool:read_file.",
    );
  }
}

function join(kind: "and" | "or", terms: FilterNode[]): FilterNode {
  const [only] = terms;
  return terms.length === 1 && only !== undefined ? only : { kind, terms };
}

function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < expression.length) {
    const character = expression.charAt(at);
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    const token =
      character === "(" || character === ")" || character === "!" ? mark(character, at) : word(expression, at);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function mark(character: "(" | ")" | "!", at: number): Token {
  return { type: character === "!" ? "not" : character, at, text: character };
}

function word(expression: string, at: number): Token {
  const first = expression.charAt(at);
  if (first === '"') {
    const { text, end } = readQuoted(expression, at);
    return { type: "term", at, text: expression.slice(at, end), term: { kind: "text", at, text } };
  }
  if (first === "/") {
    const { source, flags, end } = readRegex(expression, at);
    return { type: "term", at, text: expression.slice(at, end), term: { kind: "regex", at, source, flags } };
  }
  const field = /^[A-Za-z_]+(?=:)/.exec(expression.slice(at, at + 100))?.[0];
  if (field !== undefined) {
    const valueAt = at + field.length + 1;
    const { text: value, end } = readValue(expression, valueAt);
    const term: FilterTerm = { kind: "field", at, field: field.toLowerCase(), value, valueAt };
    return { type: "term", at, text: expression.slice(at, end), term };
  }
  const text = readBare(expression, at);
  const keyword = text.toLowerCase();
  if (keyword === "and" || keyword === "or" || keyword === "not") return { type: keyword, at, text };
  return { type: "term", at, text, term: { kind: "text", at, text } };
}

function readValue(expression: string, at: number): { text: string; end: number } {
  if (expression.charAt(at) === '"') return readQuoted(expression, at);
  const text = readBare(expression, at);
  return { text, end: at + text.length };
}

/** Up to a blank or a parenthesis. */
function readBare(expression: string, at: number): string {
  let end = at;
  while (end < expression.length && !/[\s()"]/.test(expression.charAt(end))) end++;
  if (expression.charAt(end) === '"') {
    throw filterError(expression, end, "a quote inside a word", 'Quote the whole, with \\" for each quote in it.');
  }
  return expression.slice(at, end);
}

/** `\"` is a quote and `\\` a backslash; any other backslash stands for itself, as payloads are full of `\n`. */
function readQuoted(expression: string, at: number): { text: string; end: number } {
  const match = /"((?:[^"\\]|\\.)*)"/suy;
  match.lastIndex = at;
  const inside = match.exec(expression)?.[1];
  if (inside === undefined) {
    throw filterError(expression, at, "this quote is never closed", "Add the missing quote.");
  }
  const end = match.lastIndex;
  if (/[^\s()]/.test(expression.charAt(end))) {
    throw filterError(expression, end, "expected a blank behind the quote", 'Write \\" for a quote inside quotes.');
  }
  return { text: inside.replace(/\\(["\\])/g, "$1"), end };
}

/** As in JavaScript: a slash inside `[...]` or behind a backslash does not end it. */
function readRegex(expression: string, at: number): { source: string; flags: string; end: number } {
  const match = /\/((?:[^/\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+)\/([^\s()]*)/suy;
  match.lastIndex = at;
  const [, source, flags] = match.exec(expression) ?? [];
  const quoting = 'Quote it to search for text that begins with "/".';
  if (source === undefined || flags === undefined) {
    throw filterError(expression, at, "this regular expression is never closed", quoting);
  }
  const wrong = flags.search(/[^imsu]/);
  const end = match.lastIndex;
  if (wrong >= 0 || new Set(flags).size < flags.length) {
    const place = end - flags.length + Math.max(0, wrong);
    throw filterError(
      expression,
      place,
      `not flags of a regular expression: ${flags}`,
      `Allowed: i, m, s, u. ${quoting}`,
    );
  }
  try {
    new RegExp(source, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : "";
    throw filterError(
      expression,
      at,
      `not a regular expression: ${reason}`,
      "Put a backslash before . * + ? ( ) [ ] { } | to mean the character.",
    );
  }
  return { source, flags, end };
}
