/** What bytes tell of a line without being parsed: whether a key of a name may be in them, and what its values are. No I/O. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const LONGEST_VALUE = 256;

/** Of `\u0041` to `\u007a`: a letter that is written so stands for itself in a name. Nobody escapes letters but on purpose. */
const ESCAPE = Buffer.from("\\u00");
const [FROM_DIGIT, TO_DIGIT] = [0x34, 0x37];

/** The end of the key, in each case: some readers take names in any. */
const METHOD_ENDS = endsInAnyCase("od");
const METHOD_BEGINNING = Buffer.from('"meth');

/** Whether a message in these bytes may have a member called `method`, in any case. */
export function mayHoldMethod(bytes: Buffer): boolean {
  return hasEscapedLetter(bytes) || METHOD_ENDS.some((end) => nextKey(bytes, METHOD_BEGINNING, end, 0) >= 0);
}

/**
 * The strings that members called `method` have anywhere in the line.
 *
 * @returns undefined where parsing alone tells
 */
export function methodsIn(line: Buffer): string[] | undefined {
  if (hasEscapedLetter(line)) return undefined;
  const methods: string[] = [];
  for (const end of METHOD_ENDS) {
    for (let at = nextKey(line, METHOD_BEGINNING, end, 0); at >= 0; at = nextKey(line, METHOD_BEGINNING, end, at)) {
      const value = stringAfter(line, at);
      if (value === undefined) return undefined;
      if (value !== "") methods.push(value);
    }
  }
  return methods;
}

/** Whether some name in these bytes may not be written as it reads. */
export function hasEscapedLetter(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(ESCAPE); at >= 0; at = bytes.indexOf(ESCAPE, at + 1)) {
    const digit = bytes[at + ESCAPE.length] ?? 0;
    if (digit >= FROM_DIGIT && digit <= TO_DIGIT) return true;
  }
  return false;
}

/** Where the next key with this beginning, in any case, and this end is over; -1 where there is none. */
function nextKey(bytes: Buffer, beginning: Buffer, end: Buffer, from: number): number {
  for (let at = bytes.indexOf(end, from); at >= 0; at = bytes.indexOf(end, at + 1)) {
    if (isBefore(bytes, at, beginning)) return at + end.length;
  }
  return -1;
}

function isBefore(bytes: Buffer, at: number, beginning: Buffer): boolean {
  const start = at - beginning.length;
  for (let index = 0; index < beginning.length; index++) {
    const byte = bytes[start + index] ?? 0;
    const wanted = beginning[index] ?? 0;
    if (byte !== wanted && (wanted === QUOTE || (byte | 0x20) !== wanted)) return false;
  }
  return true;
}

/** The string behind the colon behind a key; empty for anything else, undefined for one that is not plain. */
function stringAfter(bytes: Buffer, key: number): string | undefined {
  let at = skipBlanks(bytes, key);
  if (bytes[at] !== COLON) return "";
  at = skipBlanks(bytes, at + 1);
  if (bytes[at] !== QUOTE) return "";
  for (let end = at + 1; end < at + LONGEST_VALUE; end++) {
    const byte = bytes[end] ?? BACKSLASH;
    if (byte === QUOTE) return bytes.toString("latin1", at + 1, end);
    if (byte === BACKSLASH || byte > 0x7e) return undefined;
  }
  return undefined;
}

function skipBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while (BLANKS.has(bytes[at] ?? 0)) at++;
  return at;
}

/** Two letters and the closing quote. */
function endsInAnyCase(letters: string): Buffer[] {
  const [first = "", second = ""] = letters;
  return [first, first.toUpperCase()].flatMap((one) =>
    [second, second.toUpperCase()].map((other) => Buffer.from(`${one}${other}"`)),
  );
}
