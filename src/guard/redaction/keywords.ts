/**
 * Finds many short ASCII keywords at once, several times faster than one search each.
 *
 * Text is read two bytes at a time. Whatever address a keyword of three or more bytes stands at, one of its pairs at
 * even offsets or one of its pairs at odd offsets is read whole, so it is enough to know one pair of each sort: the one
 * that ordinary text has least often. Only where such a pair is met is the keyword compared.
 */

export interface Keyword {
  /** At least three ASCII characters, at most 255; lower case when `anyCase` is set. */
  text: string;
  anyCase?: boolean;
}

/** Called with the index of the keyword and where it starts; true ends the search. Not called in order of position. */
type Visit = (keyword: number, at: number) => boolean;

interface KeywordSearch {
  /** True when `visit` ended the search. */
  bytes(bytes: Uint8Array, visit: Visit): boolean;
  /** The same over a string; positions are UTF-16 units. Other characters may pass for ASCII: compare what is found. */
  text(text: string, visit: Visit): boolean;
}

/** What it needs it makes for the first search: of the several of a redactor, most sessions use one. */
export function keywordSearch(keywords: readonly Keyword[]): KeywordSearch {
  let made: KeywordSearch | undefined;
  return {
    bytes: (bytes, visit) => (made ??= makeSearch(keywords)).bytes(bytes, visit),
    text: (text, visit) => (made ??= makeSearch(keywords)).text(text, visit),
  };
}

function makeSearch(keywords: readonly Keyword[]): KeywordSearch {
  // Flat arrays: following objects here would double the time per byte.
  const spelling = spelled(keywords);
  const { codes, caseBits, starts } = spelling;
  const { candidates, owners, offsets, following } = candidatesByPair(spelling);

  // Each index below comes from a table made above: the casts say so, where a check would slow the search down.
  function compare(bytes: Uint8Array, length: number, first: number, at: number, visit: Visit): boolean {
    for (let i = first; i !== 0; i = following[i] as number) {
      const keyword = owners[i] as number;
      const start = at - (offsets[i] as number);
      const end = starts[keyword + 1] as number;
      let n = starts[keyword] as number;
      const shift = start - n;
      if (start < 0 || end + shift > length) continue;
      while (n < end && ((bytes[n + shift] as number) | (caseBits[n] as number)) === codes[n]) n++;
      if (n === end && visit(keyword, start)) return true;
    }
    return false;
  }

  function search(bytes: Uint8Array, length: number, pairs: Uint16Array, skip: number, visit: Visit): boolean {
    const count = (length - skip) >> 1;
    for (let i = 0; i < count; i++) {
      const first = candidates[pairs[i] as number] as number;
      if (first !== 0 && compare(bytes, length, first, i * 2 + skip, visit)) return true;
    }
    return false;
  }

  function searchBytes(bytes: Uint8Array, visit: Visit): boolean {
    if (bytes.length < 3) return false;
    const skip = bytes.byteOffset & 1; // 16-bit reads need an even address
    const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + skip, (bytes.length - skip) >> 1);
    return search(bytes, bytes.length, pairs, skip, visit);
  }

  // Most strings are short: a buffer and its view made for each would cost more than the search.
  const scratch = Buffer.from(new ArrayBuffer(16_384));
  const scratchPairs = new Uint16Array(scratch.buffer);
  return {
    bytes: searchBytes,
    text(text, visit) {
      if (text.length > scratch.length) return searchBytes(Buffer.from(text, "latin1"), visit);
      return search(scratch, scratch.write(text, "latin1"), scratchPairs, 0, visit);
    },
  };
}

// What follows runs when a session starts. It is loops alone: functions called hundreds of times would be compiled for speed
// by then, and the compiler takes megabytes.

/** All keywords in a row, and where each starts. */
interface Spelling {
  codes: Uint8Array;
  /** The bit that makes an upper-case letter lower, for characters compared without regard to case. */
  caseBits: Uint8Array;
  /** One more than there are keywords: the last is the end. */
  starts: Uint32Array;
}

function spelled(keywords: readonly Keyword[]): Spelling {
  let all = "";
  const starts = new Uint32Array(keywords.length + 1);
  let count = 0;
  for (const { text } of keywords) {
    all += text;
    starts[++count] = all.length;
  }
  const codes = Buffer.from(all, "latin1");
  const caseBits = new Uint8Array(codes.length);
  count = 0;
  for (const { anyCase } of keywords) {
    const start = starts[count] as number;
    const end = starts[++count] as number;
    if (anyCase !== true) continue;
    for (let n = start; n < end; n++) {
      const code = codes[n] as number;
      if (code >= LOWER_A && code <= LOWER_Z) caseBits[n] = CASE_BIT;
    }
  }
  return { codes, caseBits, starts };
}

const CASE_BIT = 32;
const [LOWER_A, LOWER_Z] = [97, 122];

/** By pair the first candidate, 0 for none; of each candidate its keyword, the pair's offset in there, and the next one. */
function candidatesByPair({ codes, caseBits, starts }: Spelling) {
  const rarest = rarestPairs(codes, starts);
  const candidates = new Uint16Array(65536);
  const owners = [0];
  const offsets = [0];
  const following = [0];
  // Each goes before those that have its pair already: in the end they stand in the order of the keywords.
  for (let i = rarest.length - 1; i >= 0; i--) {
    const offset = rarest[i] as number;
    const at = (starts[i >> 1] as number) + offset;
    for (let low = caseBits[at] as number; low >= 0; low -= CASE_BIT) {
      for (let high = caseBits[at + 1] as number; high >= 0; high -= CASE_BIT) {
        const pair = ((codes[at] as number) - low) | (((codes[at + 1] as number) - high) << 8);
        following.push(candidates[pair] as number);
        offsets.push(offset);
        candidates[pair] = owners.push(i >> 1) - 1;
      }
    }
  }
  return { candidates, owners, offsets, following };
}

/** Characters of JSON messages, most frequent first. */
const FREQUENT = 'etaoinsrlcdpum"h_gfby:w,.-kvx/{}jqz0123456789=@~\\';

/** Of each keyword the offset of the pair that is rarest in ordinary text, among the even offsets and among the odd. */
function rarestPairs(codes: Uint8Array, starts: Uint32Array): Uint8Array {
  const frequencies = new Uint8Array(128).fill(1);
  for (let i = 0; i < FREQUENT.length; i++) {
    const code = FREQUENT.charCodeAt(i);
    const frequency = FREQUENT.length - i + 1;
    frequencies[code] = frequency;
    if (code >= LOWER_A && code <= LOWER_Z) frequencies[code - CASE_BIT] = frequency;
  }
  const rarest = new Uint8Array(2 * (starts.length - 1));
  for (let i = 0; i < rarest.length; i++) {
    const start = starts[i >> 1] as number;
    const end = starts[(i >> 1) + 1] as number;
    let least = Infinity;
    for (let at = start + (i & 1); at + 1 < end; at += 2) {
      const frequency = (frequencies[codes[at] as number] as number) * (frequencies[codes[at + 1] as number] as number);
      if (frequency >= least) continue;
      least = frequency;
      rarest[i] = at - start;
    }
  }
  return rarest;
}
