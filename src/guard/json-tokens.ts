/** Walks the tokens of JSON text without building values, so that what is not touched keeps its bytes. */

export type JsonToken = "{" | "}" | "[" | "]" | "key" | "string" | "number";

/** Strings and keys are given without their quotes, still escaped. A string cut off by the end of the text is given too. */
type VisitToken = (token: JsonToken, start: number, end: number) => void;

/**
 * Visits the tokens of one JSON value, or of several one after the other, up to the first that does not fit. Nesting
 * costs no stack.
 *
 * @returns whether all of `text` was JSON
 */
export function scanJson(text: string, visit: VisitToken): boolean {
  const inObject: boolean[] = [];
  let expect: "value" | "first-value" | "key" | "first-key" | "colon" | "separator" = "value";
  for (let at = 0; at < text.length;) {
    const char = text.charCodeAt(at);
    if (char === SPACE || char === LINE_FEED || char === TAB || char === RETURN) {
      at++;
      continue;
    }
    if (expect === "separator" && inObject.length === 0) expect = "value"; // another value follows the first
    const opens = expect === "value" || expect === "first-value";
    if (char === QUOTE) {
      const isKey: boolean = expect === "key" || expect === "first-key";
      if (!isKey && !opens) return false;
      const end = endOfString(text, at + 1);
      visit(isKey ? "key" : "string", at + 1, end);
      if (end === text.length) return false;
      at = end + 1;
      expect = isKey ? "colon" : "separator";
    } else if (char === COLON) {
      if (expect !== "colon") return false;
      at++;
      expect = "value";
    } else if (char === COMMA) {
      if (expect !== "separator") return false;
      at++;
      expect = inObject.at(-1) === true ? "key" : "value";
    } else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      if (!opens) return false;
      visit(char === OPEN_BRACE ? "{" : "[", at, ++at);
      inObject.push(char === OPEN_BRACE);
      expect = char === OPEN_BRACE ? "first-key" : "first-value";
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
      const closesObject = char === CLOSE_BRACE;
      if (expect !== "separator" && expect !== (closesObject ? "first-key" : "first-value")) return false;
      if (inObject.pop() !== closesObject) return false;
      visit(closesObject ? "}" : "]", at, ++at);
      expect = "separator";
    } else {
      SCALAR.lastIndex = at;
      if (!opens || !SCALAR.test(text)) return false;
      const end = SCALAR.lastIndex; // a visitor may scan another text
      if (char === MINUS || (char >= ZERO && char <= NINE)) visit("number", at, end);
      at = end;
      expect = "separator";
    }
  }
  return inObject.length === 0 && expect === "separator";
}

/** Where the closing quote is, or the length of the text. */
export function endOfString(text: string, start: number): number {
  // Most strings are short: to look at each of their characters is quicker than a search.
  const near = Math.min(start + 32, text.length);
  for (let at = start; at < near; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) return at;
    if (char === BACKSLASH) break;
  }
  for (let from = start; ;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return text.length;
    let before = quote;
    while (before > start && text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((quote - before) % 2 === 0) return quote;
    from = quote + 1;
  }
}

const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

const [TAB, LINE_FEED, RETURN, SPACE, QUOTE, COMMA, MINUS, ZERO, NINE] = [9, 10, 13, 32, 34, 44, 45, 48, 57];
const [COLON, OPEN_BRACKET, BACKSLASH, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [58, 91, 92, 93, 123, 125];

/** The text that the inside of a string literal stands for, or undefined where the literal is not valid. */
export function decodeString(literal: string): string | undefined {
  if (!literal.includes("\\")) return literal;
  try {
    const text: unknown = JSON.parse(`"${literal}"`);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Where in `literal` the characters of its decoded text begin that `positions`, in ascending order, count. */
export function literalPositions(literal: string, positions: number[]): number[] {
  const found: number[] = [];
  let at = 0;
  let decoded = 0;
  for (const position of positions) {
    while (decoded < position) {
      at += literal.charCodeAt(at) !== BACKSLASH ? 1 : literal.charAt(at + 1) === "u" ? 6 : 2;
      decoded++;
    }
    found.push(at);
  }
  return found;
}
