/** `plainText`: a text without the tricks that hide words from a search but not from a model. */
import { latinWord, MIXED_WORD, undrawn } from "./look-alikes.ts";
import { readableWords } from "./readable-words.ts";

/**
 * Without invisible characters and accents, look-alikes of Latin letters as those, escapes of JSON, HTML and URLs as
 * what they stand for, and words of orders to models as they are spelt (readable-words.ts). Takes linear time.
 */
export function plainText(text: string): string {
  return readableWords(withoutTricks(unescaped(text)));
}

function unescaped(text: string): string {
  const unslashed = text.includes("\\") ? text.replace(ESCAPE, unescape) : text;
  const decoded = unslashed.includes("&#") ? unslashed.replace(ENTITY, decodeEntity) : unslashed;
  return PERCENT.test(decoded) ? decoded.replace(PERCENTS, (escape) => fromHex(escape.slice(1))) : decoded;
}

const ESCAPE = /\\(?:[nrt]|u[0-9a-fA-F]{4}|x[2-7][0-9a-fA-F])/g;
const ENTITY = /&#(?:x([0-9a-f]{1,6})|(\d{1,7}));/gi;
const PERCENT = /%[2-7][0-9a-f][^%]{0,16}%[2-7][0-9a-f][^%]{0,16}%[2-7][0-9a-f]/i;
const PERCENTS = /%[2-7][0-9a-f]/gi;

function unescape(escape: string): string {
  return escape.length === 2 ? "\n" : fromHex(escape.slice(2));
}

function fromHex(digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16));
}

function decodeEntity(entity: string, hex: string | undefined, decimal: string | undefined): string {
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : entity;
}

/** An ordinary ASCII text stays the same string. */
function withoutTricks(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  const visible = text.replace(TAG, tagLetter).replace(INVISIBLE, "");
  if (!NOT_ASCII.test(visible)) return visible;
  return undrawn(
    visible
      .normalize("NFKD")
      .replace(ACCENT, "")
      .normalize("NFC")
      .replace(TYPOGRAPHIC_QUOTE, "'")
      .replaceAll("ß", "ss"),
  ).replace(MIXED_WORD, latinWord);
}

// oxlint-disable-next-line no-control-regex -- all that is not ASCII
const NOT_ASCII = /[^\u0000-\u007f]/;
const TAG = /\udb40[\udc20-\udc7e]/g;
/** Format characters, fillers and variation selectors: nothing of them is seen. */
const INVISIBLE =
  // oxlint-disable-next-line no-misleading-character-class -- each of them stands for itself
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]|\udb40[\udc00-\uddef]/g;
const ACCENT = /[\u0300-\u036f]/g;
const TYPOGRAPHIC_QUOTE = /[\u2018\u2019\u201b\u2032]/g;

/** The letter that a tag character is the shadow of. */
export function tagLetter(tag: string): string {
  return String.fromCharCode(tag.charCodeAt(1) - 0xdc00);
}
