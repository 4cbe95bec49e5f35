/** Finds the values that running text gives to sensitive names: `KEY=value`, `--flag value`, `name: value`, headers. */
import { MAX_NAME, NUMERIC_KINDS, type SensitiveName } from "./names.ts";
import type { Secret } from "./secret.ts";
import { isPlaceholder, looksSecret } from "./values.ts";

interface NameInText {
  start: number;
  end: number;
  kind: string;
}

/** The sensitive name that the keyword at `at` is part of, if it is one. Works on escaped text too. */
export function nameAt(text: string, at: number, sensitive: SensitiveName): NameInText | undefined {
  const inside = text[at] === '"' ? at + 1 : at;
  const start = wordStart(text, inside);
  let end = inside;
  while (end < text.length && end - inside < MAX_NAME && isNameCharacter(text.charCodeAt(end))) end++;
  while (end > inside && ".-".includes(text.charAt(end - 1))) end--;
  const kind = sensitive(text.slice(start, end));
  if (kind !== undefined) return { start, end, kind };
  // The letters of an escape are not part of the name: `\npin`, `\u000apin`.
  const behindEscape = text[start - 1] === "\\" ? start + (text[start] === "u" ? 5 : 1) : start;
  // `API key: ...`
  const before = text[start - 1] === " " ? wordStart(text, start - 1) : start;
  for (const other of [behindEscape, before]) {
    const otherKind = other === start ? undefined : sensitive(text.slice(other, end));
    if (otherKind !== undefined) return { start: other, end, kind: otherKind };
  }
  return undefined;
}

function wordStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && end - start < MAX_NAME && isNameCharacter(text.charCodeAt(start - 1))) start--;
  return start;
}

/** Letters, digits, `_`, `-` and `.`. */
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
export function mayBeAssigned(text: string, at: number): boolean {
  let end = at + 1;
  while (isNameCharacter(text.charCodeAt(end))) end++;
  if (text[end] !== " ") return text[end] !== "," && text[end] !== ";" && text[end] !== ")";
  while (text[end] === " ") end++;
  return end === text.length || ":=\\".includes(text.charAt(end)) || text[wordStart(text, at)] === "-";
}

/** False when what follows the name, in text that may be escaped JSON, cannot be a value for it. */
export function mayHaveValue(text: string, name: NameInText): boolean {
  if (text[name.start] === "-" && matchesAt(VALUE_AFTER_FLAG, text, name.end)) return true;
  if (/["'`]/.test(text[name.start - 1] ?? "") && matchesAt(NEXT_ELEMENT, text, name.end)) return true;
  return matchesAt(VALUE_AFTER_NAME, text, name.end);
}

/** Whether a sticky pattern matches at a position; its `lastIndex` is then the end. */
export function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

// A JSON member, an assignment, an XML element. An object or a literal is not a value to mask.
const VALUE_AFTER_NAME =
  /\\*["'`](?:\s|\\+[nrt])*[:=](?!\s*(?:\{|true|false|null))|(?:[ \t]|\\+t)*(?:[:=%>]|\\+u00)|.{0,8}$/y;
const VALUE_AFTER_FLAG = /\\*["'`]?(?:\s|[,=:%]|\\)/y;
const NEXT_ELEMENT = /\\*["'`](?:\s|\\+[nrt])*,/y;

/** The secret that the text gives to a name, in text that is not JSON or not JSON any more. */
export function assignedSecret(text: string, name: NameInText, sensitive: SensitiveName): Secret | undefined {
  const place = valuePlace(text, name);
  if (place === undefined) return undefined;
  const secret = valueAt(text, place, name.kind);
  if (secret === undefined || sensitive(text.slice(secret.start, secret.end)) !== undefined) return undefined;
  return secret;
}

interface Place {
  at: number;
  /** The closing quote of a name that is quoted too, as in JSON: whatever string follows is its value. */
  member: string | undefined;
  assigned: boolean;
  header: boolean;
  element: boolean;
}

function valuePlace(text: string, name: NameInText): Place | undefined {
  const isFlag = text[name.start] === "-";
  const before = text[name.start - 1] ?? "";
  SEPARATOR.lastIndex = name.end;
  const separator = SEPARATOR.exec(text);
  if (separator !== null) {
    const at = SEPARATOR.lastIndex;
    if (/[=:]/.test(text[at] ?? "")) return undefined; // == and ::
    const tight = separator[0] === "=" || separator[0].startsWith("%");
    const variable = /^[A-Z0-9_]+$/.test(text.slice(name.start, name.end));
    const assigned = tight && (variable || isFlag || (before !== "" && "?&;".includes(before)));
    return { at, member: separator[1], assigned, header: separator[2] === ":", element: false };
  }
  if (before === "<" && text[name.end] === ">") {
    return { at: name.end + 1, member: undefined, assigned: false, header: false, element: true };
  }
  if (!isFlag || !matchesAt(FLAG_GAP, text, name.end)) return undefined;
  return { at: FLAG_GAP.lastIndex, member: undefined, assigned: false, header: false, element: false };
}

const SEPARATOR = /(\\*["'`])?[ \t]{0,8}(=>|:=|[:=]|%3[Dd])[ \t]{0,8}/y;
const FLAG_GAP = /[ \t]{1,8}(?!-)/y;

function valueAt(text: string, place: Place, kind: string): Secret | undefined {
  OPENING_QUOTE.lastIndex = place.at;
  const quote = OPENING_QUOTE.exec(text)?.[0];
  if (quote !== undefined) return quotedValue(text, place, place.at + quote.length, quote, kind);
  if (kind === "authorization") return credentials(text, place.at, text.length);
  if (kind === "cookie" && place.header) return cookieHeader(text, place.at);
  if (place.element) {
    ELEMENT.lastIndex = place.at;
    const value = ELEMENT.exec(text)?.[0] ?? "";
    return isPlaceholder(value, kind) ? undefined : { start: place.at, end: place.at + value.length, kind };
  }
  const pattern = place.assigned ? ASSIGNED : BARE;
  pattern.lastIndex = place.at;
  const value = pattern.exec(text)?.[0].replace(/\.$/, "") ?? "";
  const end = place.at + value.length;
  if (place.member !== undefined) {
    const mark = place.member;
    if (!NUMERIC_KINDS.has(kind) || !/^-?\d[\d.]*$/.test(value)) return undefined;
    return { start: place.at, end, kind, replacement: (mask) => mark + mask + mark };
  }
  if (!place.assigned && /[([{]/.test(text[end] ?? "")) return undefined; // a call or an index
  return looksSecret(value, kind, place.assigned ? "assigned" : "bare") ? { start: place.at, end, kind } : undefined;
}

const ELEMENT = /[^<>\n]{1,4096}(?=<\\?\/)/y;
const OPENING_QUOTE = /\\*["'`]/y;
// Bounded, so that a text of nothing but names takes no quadratic time.
const ASSIGNED = /[^\s"'`\\;&<>,]{1,4096}/y;
const BARE = /[^\s"'`\\;&<>,|(){}[\]]{1,4096}/y;

function quotedValue(text: string, place: Place, start: number, quote: string, kind: string): Secret | undefined {
  const closing = closingQuote(text, start, quote);
  if (closing === undefined && place.member === undefined) return undefined;
  const end = closing ?? lineEnd(text, start);
  const value = text.slice(start, end);
  if (place.member !== undefined) return isPlaceholder(value, kind) ? undefined : { start, end, kind };
  if (kind === "authorization") return credentials(text, start, end);
  if (kind === "cookie" && place.header && value.includes("=")) return { start, end, kind };
  return !/\s/.test(value) && looksSecret(value, kind, place.assigned ? "assigned" : "quoted")
    ? { start, end, kind }
    : undefined;
}

/** Where a string ends that opened with `quote`, which JSON inside JSON writes with 1, 3, 7 backslashes. */
function closingQuote(text: string, start: number, quote: string): number | undefined {
  const level = quote.length - 1;
  for (let from = start; ;) {
    const at = text.indexOf(quote.slice(-1), from);
    if (at < 0) return undefined;
    let before = at;
    while (before > start && text[before - 1] === "\\") before--;
    const extra = at - before - level;
    if (extra >= 0 && extra % (2 * (level + 1)) === 0) return at - level;
    if (extra < 0) return before; // a string further out ends here: the text is cut or is not what it seemed
    from = at + 1;
  }
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end;
}

/** Of `Authorization: Bearer x` the `x`. */
function credentials(text: string, start: number, limit: number): Secret | undefined {
  SCHEME.lastIndex = start;
  const [scheme = "", word = ""] = SCHEME.exec(text) ?? [];
  const at = start + scheme.length;
  const rest = /digest|hmac/i.test(word) ? PARAMETERS : CREDENTIALS;
  rest.lastIndex = at;
  const value = rest.exec(text)?.[0] ?? "";
  const end = Math.min(at + value.length, limit);
  if (isPlaceholder(value, "authorization") || value.includes("[redacted:")) return undefined;
  const certain = word !== "" && (/\d/.test(value) || value.length >= 20);
  if (!certain && !looksSecret(value, "authorization", "bare")) return undefined;
  return { start: at, end, kind: /^(?:bearer|basic)$/i.test(word) ? word.toLowerCase() : "authorization" };
}

const SCHEME = /(bearer|basic|token|digest|apikey|api-key|negotiate|aws4-hmac-sha256)[ \t]{1,4}/iy;
const CREDENTIALS = /[^\s"'`\\,;<>]{1,4096}/y;
const PARAMETERS = /[^`\\\r\n]{1,4096}/y;

function cookieHeader(text: string, start: number): Secret | undefined {
  COOKIES.lastIndex = start;
  const value = COOKIES.exec(text)?.[0] ?? "";
  return /^[\w.-]+=[^[]/.test(value) ? { start, end: start + value.length, kind: "cookie" } : undefined;
}

const COOKIES = /[^"'`\\\r\n]{1,4096}/y;
