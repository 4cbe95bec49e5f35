/** Finds the values that running text gives to sensitive names: `KEY=value`, `--flag value`, `name: value`, headers. */
import type { keywordSearch } from "./keywords.ts";
import { matchesAt, mayBeAssigned, nameAt, type NameInText } from "./name-in-text.ts";
import { isWholeName, MAX_NAME, NUMERIC_KINDS, type SensitiveName } from "./names.ts";
import { Runs } from "./runs.ts";
import type { Secret } from "./secret.ts";
import { isPlaceholder, looksSecret } from "./values.ts";

interface NameSearch {
  /** Finds the keywords of which each sensitive name contains one. */
  keywords: ReturnType<typeof keywordSearch>;
  sensitive: SensitiveName;
  isAllowed(value: string): boolean;
}

/** What a text gives to sensitive names and is not allowed there, in no order; they may overlap. */
export function namedSecrets(text: string, { keywords, sensitive, isAllowed }: NameSearch): Secret[] {
  const secrets: Secret[] = [];
  let runs: Runs | undefined; // made when needed: most texts are short
  let last: Secret | undefined;
  let judged = 0;
  keywords.text(text, (_, at) => {
    if (last !== undefined && last.start <= at && at + FAR < last.end && ENDS_ALL.test(text[last.end] ?? ""))
      return false;
    runs ??= new Runs(text);
    const name = mayBeAssigned(runs, at) ? nameAt(runs, at, sensitive) : undefined;
    const secret = name === undefined ? undefined : assignedSecret(runs, name, sensitive);
    if (secret === undefined || (last !== undefined && last.start <= secret.start && secret.end <= last.end)) {
      return false;
    }
    // An allowed value may have others in it, each to be judged. Where that would never end, they are masked.
    judged += secret.end - secret.start;
    if (judged <= text.length * MUCH_JUDGED && isAllowed(text.slice(secret.start, secret.end))) return false;
    secrets.push(secret);
    last = secret;
    return false;
  });
  return secrets;
}

/** A name that begins so far from the end of a value has its own value in there too, which ends where that one ends. */
const FAR = MAX_NAME + 64;
const ENDS_ALL = /^[\s"'`\\;<>,]?$/;
const MUCH_JUDGED = 16;

/** The secret that the text gives to a name, in text that is not JSON or not JSON any more. */
function assignedSecret(runs: Runs, name: NameInText, sensitive: SensitiveName): Secret | undefined {
  const place = valuePlace(runs.text, name);
  if (place === undefined) return undefined;
  const secret = valueAt(runs, place, name.kind);
  if (secret === undefined) return undefined;
  const value = runs.text.slice(secret.start, secret.end);
  if (sensitive(value) === undefined || MORE_THAN_NAME.test(value)) return secret;
  // `token=accessToken` in code; but whoever sets a variable sets it to a name only where that is all of the value.
  return place.assigned && !isWholeName(value) ? secret : undefined;
}

/** `MyPassword1` and `rootpass` are passwords, though they end as names do, and so does a header with several values. */
const MORE_THAN_NAME = /[\d=;]|[a-z]pass$/i;

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
    const bold = before === "*" && matchesAt(BOLD_END, text, SEPARATOR.lastIndex); // `**Password:** x`
    const at = bold ? BOLD_END.lastIndex : SEPARATOR.lastIndex;
    if (/[=:]/.test(text[at] ?? "")) return undefined; // == and ::
    const tight = separator[0] === "=" || separator[0].startsWith("%");
    const variable = /^[A-Z0-9_]+$/.test(text.slice(name.start, name.end));
    const option = "?&;".includes(before) || text.startsWith("/:", name.start - 2); // the latter in .npmrc
    const assigned = tight && (variable || isFlag || (before !== "" && option));
    return { at, member: separator[1], assigned, header: separator[2] === ":", element: false };
  }
  if (before === "<" && text[name.end] === ">") {
    return { at: name.end + 1, member: undefined, assigned: false, header: false, element: true };
  }
  if (
    matchesAt(NAMED_VALUE, text, name.end) &&
    /\bname["']?:[ \t]*["']?$/.test(text.slice(Math.max(0, name.start - 12), name.start))
  ) {
    return { at: NAMED_VALUE.lastIndex, member: undefined, assigned: true, header: false, element: false };
  }
  if (!isFlag || !matchesAt(FLAG_GAP, text, name.end)) return undefined;
  return { at: FLAG_GAP.lastIndex, member: undefined, assigned: false, header: false, element: false };
}

const SEPARATOR = /(?: {0,4}(\\*["'`]))?[ \t]{0,8}(=>|:=|[:=]|%3[Dd])[ \t]{0,8}/y;
const BOLD_END = /\*\*[ \t]{0,8}/y;
const NAMED_VALUE = /["']?[ \t]{0,8}\r?\n[ \t]{0,80}["']?value["']?:[ \t]{1,8}/y; // `- name: TOKEN` and `value: x` in YAML
const FLAG_GAP = /[ \t]{1,8}(?!-)/y;

function valueAt(runs: Runs, place: Place, kind: string): Secret | undefined {
  const { text } = runs;
  VALUE_OF_OBJECT.lastIndex = place.at;
  const inObject = place.member === undefined ? undefined : VALUE_OF_OBJECT.exec(text)?.[1];
  if (inObject !== undefined) {
    const member = kind === "token" ? undefined : place.member; // the tokens of a parser have values too
    return quotedValue(runs, { ...place, member }, VALUE_OF_OBJECT.lastIndex, inObject, kind);
  }
  OPENING_QUOTE.lastIndex = place.at;
  const quote = OPENING_QUOTE.exec(text)?.[0];
  if (quote !== undefined) return quotedValue(runs, place, place.at + quote.length, quote, kind);
  if (kind === "authorization") return credentials(runs, place.at, text.length);
  if (kind === "cookie" && place.header) return cookieHeader(runs, place.at);
  if (place.element) {
    const end = runs.end(ELEMENT, place.at);
    const closes = matchesAt(CLOSING_TAG, text, end) && !isPlaceholder(text.slice(place.at, end), kind);
    return closes ? { start: place.at, end, kind } : undefined;
  }
  const runEnd = runs.end(place.assigned ? ASSIGNED : BARE, place.at);
  const end = runEnd > place.at && text[runEnd - 1] === "." ? runEnd - 1 : runEnd;
  const value = text.slice(place.at, end);
  if (place.member !== undefined) {
    const mark = place.member;
    if (!NUMERIC_KINDS.has(kind) || !/^-?\d[\d.]*$/.test(value)) return undefined;
    return { start: place.at, end, kind, replacement: (mask) => mark + mask + mark };
  }
  if (!place.assigned && /[([{]/.test(text[end] ?? "")) return undefined; // a call or an index
  return looksSecret(value, kind, place.assigned ? "assigned" : "bare") ? { start: place.at, end, kind } : undefined;
}

const VALUE_OF_OBJECT = /\{[^{}]{0,300}?(\\*["'])value\1\s*:\s*\1/y;
const ELEMENT = /[^<>\n]+/y;
const CLOSING_TAG = /<\\?\//y;
// Eight levels of JSON inside JSON strings write no more backslashes.
const OPENING_QUOTE = /\\{0,255}["'`]/y;
const ASSIGNED = /[^\s"'`\\;&<>,]+/y;
const BARE = /[^\s"'`\\;&<>,|(){}[\]]+/y;

function quotedValue(runs: Runs, place: Place, start: number, quote: string, kind: string): Secret | undefined {
  const { text } = runs;
  const closing = closingQuote(text, start, quote);
  if (closing === undefined && place.member === undefined) return undefined;
  const end = closing ?? lineEnd(text, start);
  const value = text.slice(start, end);
  if (place.member !== undefined) return isPlaceholder(value, kind) ? undefined : { start, end, kind };
  if (kind === "authorization") return credentials(runs, start, end);
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
function credentials(runs: Runs, start: number, limit: number): Secret | undefined {
  const { text } = runs;
  SCHEME.lastIndex = start;
  const [scheme = "", word = ""] = SCHEME.exec(text) ?? [];
  const at = start + scheme.length;
  const rest = /digest|hmac/i.test(word) ? PARAMETERS : CREDENTIALS;
  const restEnd = runs.end(rest, at);
  const value = text.slice(at, Math.min(restEnd, at + MUCH));
  const end = Math.min(restEnd, limit);
  if (isPlaceholder(value, "authorization") || value.includes("[redacted:")) return undefined;
  const certain = word !== "" && (/\d/.test(value) || value.length >= 20);
  if (!certain && !looksSecret(value, "authorization", "bare")) return undefined;
  return { start: at, end, kind: /^(?:bearer|basic)$/i.test(word) ? word.toLowerCase() : "authorization" };
}

const SCHEME = /(bearer|basic|token|digest|apikey|api-key|negotiate|aws4-hmac-sha256)[ \t]{1,4}/iy;
const CREDENTIALS = /[^\s"'`\\,;<>]+/y;
const PARAMETERS = /[^`\\\r\n]+/y;
const MUCH = 1024; // says enough about the rest

function cookieHeader(runs: Runs, start: number): Secret | undefined {
  const end = runs.end(COOKIES, start);
  return /^[\w.-]+=[^[]/.test(runs.text.slice(start, end)) ? { start, end, kind: "cookie" } : undefined;
}

const COOKIES = /[^"'`\\\r\n]+/y;
