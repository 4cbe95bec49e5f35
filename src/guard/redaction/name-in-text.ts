/** `nameAt`: the sensitive name that a keyword in running text is part of, and whether a value for it can follow. */
import { MAX_NAME, type SensitiveName } from "./names.ts";
import type { Runs } from "./runs.ts";

export interface NameInText {
  start: number;
  end: number;
  kind: string;
}

/** The sensitive name that the keyword at `at` is part of, if it is one. Works on escaped text too. */
export function nameAt(runs: Runs, at: number, sensitive: SensitiveName): NameInText | undefined {
  const { text } = runs;
  const inside = text[at] === '"' || text[at] === "'" ? at + 1 : at;
  const start = wordStart(text, inside);
  let end = Math.min(runs.end(NAME, inside), inside + MAX_NAME);
  const later = text[end] === " " && matchesAt(LATER_WORD, text, end) ? LATER_WORD.lastIndex : end;
  while (end > inside && ".-".includes(text.charAt(end - 1))) end--;
  const inner = behindEscape(text, start);
  const before = text[start - 1] === " " && text[start] !== "-" ? earlierWord(text, start - 1) : start;
  for (const from of inner === before ? [start] : [inner, start, before]) {
    if (later > end) {
      const kind = sensitive(text.slice(from, later));
      if (kind !== undefined) return { start: from, end: later, kind };
    }
    const kind = sensitive(text.slice(from, end));
    if (kind !== undefined) return { start: from, end, kind };
  }
  return undefined;
}

/** Of `connection string`, `secret key base`. What ends in a keyword is found by that. */
const LATER_WORD = / {1,8}(?:string|hash|confirm|confirmation|value|phrase|code|base)(?![\w.-])/iy;

/** Of `API key` the `API`. */
function earlierWord(text: string, end: number): number {
  let from = end;
  while (text[from - 1] === " " && end - from < 8) from--;
  return wordStart(text, from);
}

/** The letters of an escape are not part of the name behind it: `\npin`, `\u000apin`, `\n--token`. */
function behindEscape(text: string, start: number): number {
  if (text[start - 1] !== "\\") return start;
  return start + (text[start] === "u" ? 5 : 1);
}

function wordStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && end - start < MAX_NAME && isNameCharacter(text.charCodeAt(start - 1))) start--;
  return start;
}

const NAME = /[\w.-]+/y;

/** The same characters. */
function isNameCharacter(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46
  );
}

/** False for most names met in prose, without a closer look: behind a space, only a separator matters, or a flag's value. */
export function mayBeAssigned(runs: Runs, at: number): boolean {
  const { text } = runs;
  let end = runs.end(NAME, at + 1);
  if (end - at > MAX_NAME) return false; // too long for a name, and a text may be nothing but names
  if (text[end] !== " ") return text[end] !== "," && text[end] !== ";" && text[end] !== ")";
  const later = matchesAt(LATER_WORD, text, end);
  while (text[end] === " ") end++;
  return (
    later ||
    end === text.length ||
    ":=\\".includes(text.charAt(end)) ||
    text[behindEscape(text, wordStart(text, at))] === "-" ||
    matchesAt(MEMBER_END, text, end)
  );
}

const MEMBER_END = /["'`]\s*[:,]/y;

/** False when what follows the name, in text that may be escaped JSON, cannot be a value for it. */
export function mayHaveValue(runs: Runs, name: NameInText): boolean {
  const { text } = runs;
  if (text[name.start] === "-" && matchesAt(VALUE_AFTER_FLAG, text, name.end)) return true;
  if (matchesAt(NEXT_ELEMENT, text, name.end)) {
    const before = text.slice(Math.max(0, name.start - MAX_NAME), name.start);
    if (/["'`]$/.test(before) || NAME_MEMBER.test(before)) return true;
  }
  if (matchesAt(OBJECT, text, name.end)) return name.end < runs.word("value").last;
  return matchesAt(VALUE_AFTER_NAME, text, name.end);
}

/** Whether a sticky pattern matches at a position; its `lastIndex` is then the end. */
export function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

// A JSON member, an assignment, an XML element, a name of a list in YAML. A literal is not a value to mask.
const VALUE_AFTER_NAME =
  / {0,8}\\*["'`](?:\s|\\+[nrt])*[:=](?!\s*(?:true|false|null))|(?:\\*["'])?(?:\s|\\+[nrt])+value["']?:|(?:[ \t]|\\+t)*(?:[:=%>]|\\+u00)|.{0,8}$/y;
const OBJECT = / {0,8}\\*["'`](?:\s|\\+[nrt])*[:=]\s*\{/y;
const VALUE_AFTER_FLAG = /\\*["'`]?(?:\s|[,=:%]|\\)/y;
const NEXT_ELEMENT = / {0,8}\\*["'`](?:\s|\\+[nrt])*,/y;
const NAME_MEMBER = /["'](?:name|key)\\*["']\s*:\s*\\*["'][^"'\\]*$/; // {"name":"GitHub token","value":"x"}
