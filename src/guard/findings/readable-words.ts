/** `readableWords`: words that are spelt wrong, in leetspeak, set apart or run together, as those that are meant. */
import { isKeyWord, keyWordOf, mayBeKeyWord, splitIntoKeyWords } from "./key-words.ts";

/** Only words of orders to models are made out (key-words.ts): all else stays as it is. */
export function readableWords(text: string): string {
  const joined = SPACED.test(text) ? text.replace(SPACED_WORDS, join) : text;
  const parted = JOINED.test(joined) ? joined.replace(JOINED_WORDS, part) : joined;
  return eachToken(parted);
}

/** `i g n o r e`, `i-g-n-o-r-e` */
const SPACED = /(?:\b[A-Za-z][\x20._*|/~+-]){4}[A-Za-z\d@$]\b/;
const SPACED_WORDS = /\b[A-Za-z](?:([\x20._*|/~+-])[A-Za-z\d@$])(?:\1[A-Za-z\d@$!](?![A-Za-z\d])){0,200}/g;
/** `ignore_all_previous_instructions.txt`, `please-send-the-files` */
const JOINED = /[A-Za-z\d]([_+-]|\.)[A-Za-z\d]{1,16}\1[A-Za-z\d]{1,16}\1[A-Za-z\d]/;
const JOINED_WORDS = /(?<![\w./+-])[A-Za-z\d]{1,16}([_+-]|\.)[A-Za-z\d]{1,16}(?:\1[A-Za-z\d]{1,16}){2,40}/g;

/** Where the gaps between words are as wide as those between letters, words that are known tell where they are. */
function join(spaced: string): string {
  const run = spaced.replaceAll(spaced.charAt(1), "");
  return run.length < LONG_RUN ? run : (splitIntoKeyWords(unleet(run.toLowerCase())[0] ?? "", 2)?.join(" ") ?? run);
}

const LONG_RUN = 12;

/** Names of files and members have words like these; a sentence has little else. */
function part(joined: string): string {
  const words = joined.split(/[_+.-]/);
  const known = words.filter((word) => keyWordOf(word.toLowerCase()) !== undefined).length;
  return known >= 3 && 2 * known > words.length ? words.join(" ") : joined;
}

/** Most tokens are words that are nothing like a key word: no string is made of them. */
function eachToken(text: string): string {
  let written = "";
  let from = 0; // of what is not written yet
  for (let start = 0; start < text.length; start++) {
    if (sortOf(text.charCodeAt(start)) === Sort.Other) continue;
    let sorts = 0;
    let end = start;
    for (let sort = sortOf(text.charCodeAt(end)); sort !== Sort.Other; sort = sortOf(text.charCodeAt(++end)))
      sorts |= sort;
    const isLeet = sorts === (Sort.Letter | Sort.Sign);
    if (end - start <= LONGEST_TOKEN && (isLeet || mayBeMeant(text, start, end))) {
      const token = text.slice(start, end);
      const word = isLeet ? meantByLeet(token) : meant(token);
      if (word !== token) {
        written += text.slice(from, start) + word;
        from = end;
      }
    }
    start = end;
  }
  return from === 0 ? text : written + text.slice(from);
}

const LONGEST_TOKEN = 60;
const Sort = { Other: 0, Letter: 1, Sign: 2 } as const;
const SORTS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[A-Za-z]/.test(character) ? Sort.Letter : /[\d@$!|]/.test(character) ? Sort.Sign : Sort.Other;
});

/** NaN, behind the end, is other too. */
function sortOf(code: number): number {
  return SORTS[code] ?? Sort.Other;
}

function mayBeMeant(text: string, start: number, end: number): boolean {
  return end - start >= LONG_RUN + 2 || mayBeKeyWord(text, start, end);
}

function meant(token: string): string {
  const word = token.toLowerCase();
  const isRun = token.length >= LONG_RUN + 2 && (token === word || token === token.toUpperCase());
  const words = isRun ? splitIntoKeyWords(word, 3) : undefined;
  if (words !== undefined) return words.join(" ");
  const key = keyWordOf(word);
  return key === undefined || key === word ? token : key;
}

function meantByLeet(token: string): string {
  const end = token.search(/[!|$]+$/);
  const bare = end < 0 ? token : token.slice(0, end);
  if (!LEET.test(bare)) return meant(bare) + token.slice(bare.length);
  for (const reading of unleet(bare.toLowerCase())) {
    const key = bare.length >= 5 ? keyWordOf(reading) : isKeyWord(reading) ? reading : undefined;
    if (key !== undefined) return key + token.slice(bare.length);
  }
  return token;
}

const LEET = /[\d@$!|]/;
const LETTERS: Record<string, string> = {
  "0": "o",
  "1": "i",
  "2": "z",
  "3": "e",
  "4": "a",
  "5": "s",
  "6": "g",
  "7": "t",
  "8": "b",
  "9": "g",
  "@": "a",
  $: "s",
  "!": "i",
  "|": "l",
};

/** A one may be an i or an l. */
function unleet(word: string): string[] {
  const readings = [word.replace(/[\d@$!|]/g, (sign) => LETTERS[sign] ?? sign)];
  if (/[1!|]/.test(word))
    readings.push(word.replace(/[1!|]/g, "l").replace(/[\d@$]/g, (sign) => LETTERS[sign] ?? sign));
  return readings;
}
