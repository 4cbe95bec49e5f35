/** `identifiersIn`: what in a text stands for one thing alone: addresses, long numbers, ids. What everybody writes is none. */
import { isPlace, type Use, WORD } from "./words.ts";

/**
 * In one spelling each; some may come twice. Numbers and ids that are part of an address or a path are those of a page or a
 * file, and count only in what is said.
 */
export function* identifiersIn(text: string, kind: Use): Generator<string> {
  const own = kind === "said" ? text : text.replace(WORD, (word) => (isPlace(word) ? "/" : word));
  for (const match of own.matchAll(NUMBER)) {
    const [number] = match;
    // A part of something else, or of a fraction, is no number of its own.
    const [before, after] = [own[match.index - 1], own[match.index + number.length]];
    if (!/[\w.-]/.test(before ?? "") && !/[\w@+]/.test(after ?? "")) yield* numbersIn(number);
  }
  for (const [word] of text.matchAll(WORD)) {
    if (word.length < SHORTEST || word.length > LONGEST) continue;
    const parts = kind === "said" ? [word, ...word.split(/[/\\?&=#:.]+/)] : [word];
    for (const part of new Set(parts)) {
      const identifier = identifierOf(part);
      if (identifier !== undefined) yield identifier;
    }
  }
}

const SHORTEST = 6;
const LONGEST = 1000;
/** As cards, accounts and telephones are written: `4929 1234 5678`, `+1 (555) 123-4567`. */
const NUMBER = /\d(?:[ -]?[()]?[ -]?\d){7,60}/g;
const MOST_DIGITS = 19;
const FEWEST_DIGITS = 8;
const LONGEST_GROUP = 7;
/** Also with the time behind it, as in names of files. */
const DATE =
  /(?<!\d)(?:(?:19|20)\d\d[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d{3})?)?)?|[0-3]?\d[ -][0-3]?\d[ -](?:19|20)\d\d)(?!\d)/g;
const YEAR = /^(?:19|20)\d\d$/;
/** Seconds, or parts of them, since 1970, of these years. */
const TIME = /^1[4-9]\d{8}(?:\d{3}){0,3}$/;
const ROUND = /000$|^(\d)\1+$/;
const ROW = "01234567890123456789";

/** Groups of digits are one number, or some numbers beside each other. */
function* numbersIn(text: string): Generator<string> {
  const groups = text
    .replace(DATE, " ")
    .split(/[ ()-]+/)
    .filter((group) => group !== "" && !YEAR.test(group));
  const joined = groups.join("");
  const isOne = joined.length <= MOST_DIGITS && groups.every((group) => group.length <= LONGEST_GROUP);
  for (const number of isOne ? [joined] : groups) {
    if (number.length >= FEWEST_DIGITS && !isCommonNumber(number)) yield number;
  }
}

/** Times, round numbers, digits in a row, limits of what a computer counts. */
function isCommonNumber(digits: string): boolean {
  if (TIME.test(digits) || ROUND.test(digits)) return true;
  if (ROW.includes(digits) || ROW.includes(Array.from(digits).reverse().join(""))) return true;
  return [0, 1].some((more) => Number.isInteger(Math.log2(Number(digits) + more)));
}

function identifierOf(word: string): string | undefined {
  const bare = word.replace(/^[^\w+]+|[^\w/]+$/g, "");
  if (bare.includes("://")) return addressOf(bare);
  if (bare.includes("@")) return PERSON.test(bare) && !NOBODY.test(bare) ? bare.toLowerCase() : undefined;
  return bare.length >= SHORTEST_ID && isId(bare) ? bare.toLowerCase() : undefined;
}

const PERSON = /^[\w.+%-]{1,64}@[\w.-]{1,200}\.[a-z]{2,24}$/i;
/** Of machines, and those that stand on every page. */
const NOBODY =
  /^(?:git|info|contact|hello|help|support|sales|admin|security|abuse|postmaster|webmaster|do-?not-?reply|no-?reply)@|@users\.noreply\./i;

/** One that is known to nobody who was not told: pages that anybody finds have no such part. */
function addressOf(word: string): string | undefined {
  const start = /[a-z][a-z\d+.-]{1,20}:\/\//i.exec(word);
  const url = start === null ? undefined : URL.parse(word.slice(start.index));
  if (url === undefined || url === null || !/^(?:https?|wss?|ftp):$/.test(url.protocol)) return undefined;
  const values = [...url.searchParams].filter(([name]) => !TRACKING.test(name)).map(([, value]) => value);
  const isSecret = [...url.pathname.split("/"), ...values].some((part) => part.length >= SHORTEST_SECRET && isId(part));
  return isSecret ? `${url.host}${url.pathname.replace(/\/$/, "")}${url.search}` : undefined;
}

const SHORTEST_SECRET = 20;
const TRACKING = /^(?:utm_\w+|\w*clid|_ga|ref)$/i;

const SHORTEST_ID = 10;
const LONGEST_ID = 128;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** Of commits, images and packages: it names what is public, and goes from tool to tool all day. */
const DIGEST = /^(?:[\da-f]{7,12}|[\da-f]{40}|sha(?:1|256|384|512)-.*)$/i;

/** Letters and digits that nobody would write by chance: UUIDs, keys, numbers of orders. Versions and dates are none. */
function isId(word: string): boolean {
  if (word.length > LONGEST_ID || !/^[\w-]+$/.test(word) || DIGEST.test(word)) return false;
  if (UUID.test(word)) return changesIn(word) >= 5;
  const parts = word.replace(DATE, "-").split(/[_-]+/);
  if (parts.some((part) => part.length >= SHORTEST_ID && isMixed(part) && changesIn(part) >= 5)) return true;
  const numbers = parts.filter((part) => /^\d{4,}$/.test(part) && !YEAR.test(part)).join("");
  if (numbers.length >= 7 && numbers.length < word.length && !isCommonNumber(numbers)) return true;
  return word.length >= SHORTEST_SECRET && isMixed(word) && /[a-z]/.test(word) && casesIn(word) >= 10;
}

function isMixed(text: string): boolean {
  const digits = text.replace(/\D/g, "").length;
  return digits >= 3 && digits < text.length;
}

/** Runs of letters and of digits. */
function changesIn(text: string): number {
  return text.replace(/[a-z_-]+/gi, "a").replace(/\d+/g, "0").length;
}

/** Runs of large letters, of small ones and of digits; one without large letters has few. */
function casesIn(text: string): number {
  return text
    .replace(/[_-]/g, "")
    .replace(/[a-z]+/g, "a")
    .replace(/[A-Z]+/g, "A")
    .replace(/\d+/g, "0").length;
}
