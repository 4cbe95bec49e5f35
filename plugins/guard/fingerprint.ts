/**
 * `Fingerprinter`: a text as salted hashes of some of its passages, and of the addresses, numbers and ids in it. Two texts
 * that share a passage of `SURE` letters share a hash, whatever stands around it (winnowing, Schleimer et al. 2003).
 */
import { identifiersIn } from "./identifiers.ts";
import { textsIn } from "./texts-in.ts";
import { isName, isPlace, type Use, WORD } from "./words.ts";

export interface Prints {
  /** 48 bits each. */
  passages: number[];
  identifiers: number[];
}

/** Letters and digits in a passage. */
const LENGTH = 24;
/** Of so many passages in a row one is taken. */
const WINDOW = 20;
export const SURE = LENGTH + WINDOW - 1;
/** Of one message: what is beyond is not looked at. */
const MOST_TEXT = 128 << 10;
const MOST_IDENTIFIERS = 2000;
const BASE = 0x01_00_01_93;

export class Fingerprinter {
  readonly #salt: Uint8Array;

  constructor(salt: Uint8Array) {
    this.#salt = salt;
  }

  /**
   * Of the strings and numbers in a value. What was read is data only where it is distinctive; in what is said data may
   * stand anywhere, also in a path or a name.
   */
  print(value: unknown, kind: Use): Prints {
    const passages = new Set<number>();
    const identifiers = new Set<string>();
    for (const text of textsIn(value, MOST_TEXT)) {
      for (const words of kind === "said" ? [isText, isAny] : [isText]) {
        for (const passage of passagesOf(plain(text, words))) passages.add(this.#hash(passage));
      }
      for (const identifier of identifiersIn(text, kind)) {
        if (identifiers.size < MOST_IDENTIFIERS) identifiers.add(identifier);
      }
    }
    return { passages: [...passages], identifiers: [...identifiers].map((one) => this.#hash(one)) };
  }

  #hash(text: string): number {
    return new Bun.CryptoHasher("sha256").update(this.#salt).update(text).digest().readUIntBE(0, 6);
  }
}

function isText(word: string): boolean {
  return !isPlace(word) && !isName(word);
}

function isAny(): boolean {
  return true;
}

/** Letters and digits alone: another layout is the same text. */
function plain(text: string, words: (word: string) => boolean): string {
  return (text.replace(MASK, " ").replace(ESCAPE, " ").match(WORD) ?? [])
    .filter(words)
    .join("")
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
}

/** All secrets of a kind look like that. */
const MASK = /\[redacted:[\w-]{1,40}\]/g;
/** Of JSON within a text. */
const ESCAPE = /\\(?:[nrt"\\]|u[0-9a-f]{4})/gi;

/** Of each window the passage with the least hash, of equal ones the last. */
function* passagesOf(text: string): Generator<string> {
  const count = text.length - LENGTH + 1;
  if (count <= 0) return;
  const hashes = rollingHashes(text, count);
  let chosen = -1;
  for (let from = 0; from === 0 || from + WINDOW <= count; from++) {
    const to = Math.min(from + WINDOW, count);
    let least = -1;
    if (chosen >= from) {
      least = (hashes[to - 1] ?? 0) <= (hashes[chosen] ?? 0) ? to - 1 : chosen;
    } else {
      for (let at = from; at < to; at++) if (least < 0 || (hashes[at] ?? 0) <= (hashes[least] ?? 0)) least = at;
    }
    if (least === chosen) continue;
    chosen = least;
    yield text.slice(least, least + LENGTH);
  }
}

function rollingHashes(text: string, count: number): Uint32Array {
  const hashes = new Uint32Array(count);
  let gone = 1;
  for (let i = 1; i < LENGTH; i++) gone = Math.imul(gone, BASE);
  let hash = 0;
  for (let i = 0; i < text.length; i++) {
    if (i >= LENGTH) hash = (hash - Math.imul(text.charCodeAt(i - LENGTH), gone)) | 0;
    hash = (Math.imul(hash, BASE) + text.charCodeAt(i)) | 0;
    // Mixed, so that which passage is taken does not go by its last letter.
    if (i >= LENGTH - 1) hashes[i - LENGTH + 1] = Math.imul(hash ^ (hash >>> 15), 0x2c_1b_3c_6d);
  }
  return hashes;
}
