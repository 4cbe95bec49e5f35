/**
 * Walks over the parts of JSON in bytes, and makes nothing of them. Each function is given where a part begins, and returns
 * where it ends, or -1 where it is not JSON in UTF-8. Each stops at a line feed, which must stand behind it somewhere.
 */
import type { LineBytes } from "./line-bytes.ts";

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const DELETE = 0x7f;
/** Of a letter: in lower case. */
const LOWER = 0x20;

/** Those of ASCII that stand for themselves in a string, and show. */
const LITERAL = new Uint8Array(256).map((_, byte) =>
  Number(byte >= SPACE && byte < DELETE && byte !== QUOTE && byte !== BACKSLASH),
);
const HEX = new Uint8Array(256).map((_, byte) => Number(/[\da-f]/i.test(String.fromCharCode(byte))));
const ESCAPED = new Uint8Array(256).map((_, byte) => Number('"\\/bfnrt'.includes(String.fromCharCode(byte))));
const WORDS = ["true", "false", "null"].map((word) => Buffer.from(word));

/** The same in each of the four bytes of a word. */
const ONES = 0x01010101;
const SPACES = ONES * SPACE;
const QUOTES = ONES * QUOTE;
const BACKSLASHES = ONES * BACKSLASH;
const HIGH_BITS = 0x80808080 | 0;

/** Without line feeds and carriage returns. */
export function skipBlanks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === SPACE || bytes[at] === TAB) at++;
  return at;
}

/** From behind a name to where its value begins. */
export function skipColon(bytes: Uint8Array, start: number): number {
  const colon = bytes[start] === COLON ? start : skipBlanks(bytes, start);
  return bytes[colon] === COLON ? skipBlanks(bytes, colon + 1) : -1;
}

/**
 * From behind a member or an item over a comma to the next one.
 *
 * @param close the bracket that may stand there instead
 * @returns where that is, or the next begins
 */
export function skipComma(bytes: Uint8Array, start: number, close: number): number {
  const at = skipBlanks(bytes, start);
  if (bytes[at] === close) return at;
  if (bytes[at] !== COMMA) return -1;
  const next = skipBlanks(bytes, at + 1);
  return bytes[next] === close ? -1 : next;
}

/** @param depth how many levels may be in it */
export function skipValue(line: LineBytes, start: number, depth: number): number {
  const { bytes } = line;
  const first = bytes[start] ?? 0;
  if (first === QUOTE) return skipString(line, start + 1);
  if (first === OPEN_BRACE) return depth === 0 ? -1 : skipObject(line, start, depth - 1);
  if (first === OPEN_BRACKET) return depth === 0 ? -1 : skipList(line, start, depth - 1);
  return first === MINUS || digitAt(bytes, start) >= 0 ? skipNumber(bytes, start) : skipWord(bytes, start);
}

/** Of a string, from behind its first quote to behind its last. */
export function skipString(line: LineBytes, start: number): number {
  const { bytes } = line;
  let at = start;
  for (;;) {
    at = behindLiterals(line, at);
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at = skipEscape(bytes, at);
    else if (byte === DELETE) at++;
    else at = skipSequence(bytes, at);
    if (at < 0) return -1;
  }
}

/** Of a string, as `skipString`; -1 also where it has characters other than those of ASCII that show, or an escape. */
export function skipLiteral(bytes: Uint8Array, start: number): number {
  let at = start;
  while (LITERAL[bytes[at] ?? 0] === 1) at++;
  return bytes[at] === QUOTE ? at + 1 : -1;
}

export function skipNumber(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  const whole = at;
  at = skipDigits(bytes, at);
  if (at < 0 || (bytes[whole] === ZERO && at > whole + 1)) return -1;
  if (bytes[at] === POINT) at = skipDigits(bytes, at + 1);
  if (at < 0 || ((bytes[at] ?? 0) | LOWER) !== LETTER_E) return at;
  const sign = bytes[at + 1];
  return skipDigits(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
}

/** true, false, null. */
export function skipWord(bytes: Uint8Array, start: number): number {
  for (const word of WORDS) if (standsAt(bytes, start, word)) return start + word.length;
  return -1;
}

/** @param wanted without a line feed */
export function standsAt(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[start + index] !== wanted[index]) return false;
  return true;
}

/** Four bytes as one number, to be compared at once. */
export function fourAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

/** -1 for another character. */
export function digitAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0;
  return byte >= ZERO && byte <= NINE ? byte - ZERO : -1;
}

function skipObject(line: LineBytes, start: number, depth: number): number {
  const { bytes } = line;
  let at = skipBlanks(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  for (;;) {
    if (bytes[at] !== QUOTE) return -1;
    const name = skipString(line, at + 1);
    const value = name < 0 ? -1 : skipColon(bytes, name);
    const end = value < 0 ? -1 : skipValue(line, value, depth);
    at = end < 0 ? -1 : skipComma(bytes, end, CLOSE_BRACE);
    if (at < 0) return -1;
    if (bytes[at] === CLOSE_BRACE) return at + 1;
  }
}

function skipList(line: LineBytes, start: number, depth: number): number {
  const { bytes } = line;
  let at = skipBlanks(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    const end = skipValue(line, at, depth);
    at = end < 0 ? -1 : skipComma(bytes, end, CLOSE_BRACKET);
    if (at < 0) return -1;
    if (bytes[at] === CLOSE_BRACKET) return at + 1;
  }
}

/** Four at once, since most of a message are such: in each byte, the high bit says that it may be another. */
function behindLiterals({ bytes, words }: LineBytes, start: number): number {
  let at = start;
  while ((at & 3) !== 0) {
    if (LITERAL[bytes[at] ?? 0] !== 1) return at;
    at++;
  }
  let place = at >>> 2;
  while ((otherThanLiteral(words[place]) & HIGH_BITS) === 0) place++;
  at = place << 2;
  while (LITERAL[bytes[at] ?? 0] === 1) at++;
  return at;
}

/** Of four bytes those that are below a space, a quote, a backslash, or not of ASCII, by their high bits. */
function otherThanLiteral(word = 0): number {
  return (word - SPACES) | 0 | (((word ^ QUOTES) - ONES) | 0) | (((word ^ BACKSLASHES) - ONES) | 0) | word;
}

function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (digitAt(bytes, at) >= 0) at++;
  return at > start ? at : -1;
}

function skipEscape(bytes: Uint8Array, start: number): number {
  const byte = bytes[start + 1] ?? 0;
  if (byte !== LETTER_U) return ESCAPED[byte] === 1 ? start + 2 : -1;
  for (let at = start + 2; at < start + 6; at++) if (HEX[bytes[at] ?? 0] === 0) return -1;
  return start + 6;
}

/** Of the bytes of one character outside of ASCII: RFC 3629, section 4. */
function skipSequence(bytes: Uint8Array, start: number): number {
  const first = bytes[start] ?? 0;
  const second = bytes[start + 1] ?? 0;
  if (first < 0xc2 || first > 0xf4 || !isTail(second)) return -1;
  if (first < 0xe0) return start + 2;
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f) || !isTail(bytes[start + 2])) return -1;
  if (first < 0xf0) return start + 3;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f) || !isTail(bytes[start + 3])) return -1;
  return start + 4;
}

function isTail(byte = 0): boolean {
  return (byte & 0xc0) === 0x80;
}
