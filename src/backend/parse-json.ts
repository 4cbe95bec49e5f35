/** `parseJson`: JSON from outside, which may be neither UTF-8 nor JSON, or nested until a parser gives up. */

const MAX_DEPTH = 32;

export type ParsedJson = { kind: "value"; value: unknown } | { kind: "malformed"; detail: string };

export function parseJson(bytes: Uint8Array): ParsedJson {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return malformed("It is not UTF-8");
  }
  if (isDeeper(text, MAX_DEPTH)) return malformed(`It is nested more than ${MAX_DEPTH} levels deep`);
  try {
    return { kind: "value", value: JSON.parse(text) };
  } catch {
    return malformed("It is not JSON"); // the parser's own message repeats what was sent
  }
}

function malformed(detail: string): ParsedJson {
  return { kind: "malformed", detail };
}

/** Looks at brackets outside of strings, which are most of a text and are skipped at the speed of `indexOf`. */
function isDeeper(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > limit) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}

/** Where its closing quote is: one behind an even number of backslashes. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
