/** Whether a name that says what a message is stands in it twice: readers then take the one or the other. No I/O. */
import { hasEscapedLetter } from "./gate-scan.ts";

export const NAMES = ["jsonrpc", "id", "method", "params", "result", "error"] as const;

/** From a length on, a search for the names costs less than a walk through the text. */
const LONG = 2048;
const KEYS = NAMES.map((name) => Buffer.from(`"${name}"`));
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const LIST = 0x5b;
const LIST_END = 0x5d;

/**
 * @param line JSON
 * @param text the same
 * @param level 1 for a message, 2 for a batch of messages
 */
export function repeatsName(line: Buffer, text: string, level: 1 | 2): boolean {
  return (text.length <= LONG || mayRepeat(line)) && repeats(text, level);
}

/** Whether some name may stand there twice, at any depth. */
function mayRepeat(line: Buffer): boolean {
  return hasEscapedLetter(line) || KEYS.some((key) => isTwiceIn(line, key));
}

function isTwiceIn(line: Buffer, key: Buffer): boolean {
  const at = line.indexOf(key);
  return at >= 0 && line.indexOf(key, at + key.length) >= 0;
}

/** Without allocating anything: most lines come here, and are found to be as they should. */
function repeats(text: string, level: 1 | 2): boolean {
  let seen = 0;
  let depth = 0;
  let isName = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = stringEnd(text, at);
        if (isName) {
          const bit = bitOf(text, at + 1, end);
          if ((seen & bit) !== 0) return true;
          seen |= bit;
          isName = false;
        }
        at = end;
        break;
      }
      case OBJECT:
        isName = ++depth === level;
        if (isName) seen = 0;
        break;
      case LIST:
        depth++;
        break;
      case OBJECT_END:
      case LIST_END:
        depth--;
        isName = false;
        break;
      case COMMA:
        isName = depth === level;
        break;
      default:
    }
  }
  return false;
}

/** One bit for each of the names, none for others. */
function bitOf(text: string, start: number, end: number): number {
  for (let index = 0; index < NAMES.length; index++) {
    const name = NAMES[index] ?? "";
    if (name.length === end - start && text.startsWith(name, start)) return 1 << index;
  }
  if (!hasEscape(text, start, end)) return 0;
  const read: unknown = JSON.parse(text.slice(start - 1, end + 1));
  const index = NAMES.findIndex((name) => name === read);
  return index < 0 ? 0 : 1 << index;
}

function hasEscape(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (text.charCodeAt(at) === BACKSLASH) return true;
  return false;
}

/** Where the string that begins at `at` has its closing quote. */
function stringEnd(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    if (end < 0) return text.length;
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((end - first) % 2 === 0) return end;
  }
}
