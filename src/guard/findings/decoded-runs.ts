/** `decodedRuns`: what stands in a text in base64, in hex, as numbers of characters or in binary, if it is text. */

export interface DecodedRun {
  code: string;
  decoded: string;
}

/** How many codes of a text are read, and how much of each. */
const MAX_RUNS = 200;
const MAX_CODE = 4000;

/** What is encoded twice is decoded once. */
export function* decodedRuns(text: string): Iterable<DecodedRun> {
  for (const { pattern, decode } of CODINGS) {
    let count = 0;
    for (const match of text.matchAll(pattern)) {
      if (++count > MAX_RUNS) break;
      const code = match[0].slice(0, MAX_CODE);
      const decoded = readable(decode(code));
      if (decoded !== undefined) yield { code, decoded };
    }
  }
}

/** Each begins where the one before has ended, so that a text is read once for each. */
const CODINGS: readonly { pattern: RegExp; decode(code: string): Uint8Array }[] = [
  {
    // The first of four digits of base64 says that a character of ASCII begins there. Lines may be broken.
    pattern: /(?<![\w+/-])(?:[A-Za-f][\w+/-]{3}(?:\r?\n(?=[\w+/-]{4}))?){4,1000}[\w+/-]{0,3}/g,
    decode: (code) => Buffer.from(code.replace(/\s/g, ""), "base64"),
  },
  {
    pattern: /(?<![\w+/-])(?:(?:0x|\\x)?[2-7][0-9a-f](?:, ?|[ :-])?){12,2000}(?![\w+/-])/gi,
    decode: (code) => Buffer.from(code.replace(/0x|\\x|[^0-9a-f]/gi, ""), "hex"),
  },
  {
    pattern: /(?<![\w.,-])(?:(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])(?:, ?| )){12,1000}\d{2,3}(?![\w.-])/g,
    decode: (code) => Uint8Array.from(code.split(/[, ]+/), Number),
  },
  {
    pattern: /(?<!\w)(?:0[01]{7} ?){8,1000}(?!\w)/g,
    decode: (code) => Uint8Array.from(code.match(/[01]{8}/g) ?? [], (byte) => Number.parseInt(byte, 2)),
  },
];

/** Undefined for what is not text. */
function readable(bytes: Uint8Array): string | undefined {
  for (let i = 0; i < Math.min(bytes.length, 64); i++) {
    const byte = bytes[i] ?? 0;
    if ((byte < 32 && byte !== 10 && byte !== 9 && byte !== 13) || byte === 127) return undefined;
  }
  const decoded = new TextDecoder().decode(bytes);
  return decoded.slice(0, 64).includes("\ufffd") ? undefined : decoded;
}
