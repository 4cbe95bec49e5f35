/**
 * Walks over the parts of JSON in bytes, and makes nothing of them. Each function is given where a part begins, and returns
 * where it ends, or -1 where it is not JSON in UTF-8. Each stops at a line feed, which must stand behind it somewhere.
 */

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
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

/** Without line feeds and carriage returns. */
export function skipBlanks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === SPACE || bytes[at] === TAB) at++;
  return at;
}

/** Of a string, from behind its first quote to behind its last. */
export function skipString(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    at = behindLiterals(bytes, at);
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
  const at = behindLiterals(bytes, start);
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

/** -1 for another character. */
export function digitAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0;
  return byte >= ZERO && byte <= NINE ? byte - ZERO : -1;
}

/** Four at once: most of a message are such. */
function behindLiterals(bytes: Uint8Array, start: number): number {
  let at = start;
  while (
    (isLiteral(bytes[at]) & isLiteral(bytes[at + 1]) & isLiteral(bytes[at + 2]) & isLiteral(bytes[at + 3])) ===
    1
  ) {
    at += 4;
  }
  while (isLiteral(bytes[at]) === 1) at++;
  return at;
}

/** 1 or 0. */
function isLiteral(byte = 0): number {
  return LITERAL[byte] ?? 0;
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
