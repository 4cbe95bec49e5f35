/** `decodeText` and `encodeText`: the text of a file's bytes, and the bytes again, which are the same as before. */

export const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface DecodedText {
  /** Without the byte order mark. */
  text: string;
  encoding: Encoding;
  hasMark: boolean;
}

const MARK = "\ufeff";
const UTF_8_MARK = [0xef, 0xbb, 0xbf];

/**
 * @param encoding what it is to be taken for; found out unless given
 * @returns undefined for what is no text
 */
export function decodeText(bytes: Uint8Array, encoding = encodingOf(bytes)): DecodedText | undefined {
  if (encoding === undefined) return undefined;
  if ((encoding === "utf-16le" || encoding === "utf-16be") && bytes.length % 2 === 1) return undefined;
  const decoded = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
  const hasMark = decoded.startsWith(MARK);
  return { text: hasMark ? decoded.slice(1) : decoded, encoding, hasMark };
}

/** @returns undefined where the encoding does not have all of its characters */
export function encodeText({ text, encoding, hasMark }: DecodedText): Buffer | undefined {
  const whole = hasMark ? MARK + text : text;
  switch (encoding) {
    case "utf-8":
      return whole.isWellFormed() ? Buffer.from(whole) : undefined;
    case "utf-16le":
      return Buffer.from(whole, "utf16le");
    case "utf-16be":
      return Buffer.from(whole, "utf16le").swap16();
    case "windows-1252":
      return windows1252(whole);
  }
}

/** Undefined for what is no text. */
export function encodingOf(bytes: Uint8Array): Encoding | undefined {
  if (UTF_8_MARK.every((byte, index) => bytes[index] === byte)) return isUtf8(bytes) ? "utf-8" : undefined;
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes.includes(0)) return undefined;
  if (isUtf8(bytes)) return "utf-8";
  return bytes.some(isNoText) ? undefined : "windows-1252";
}

/** Control characters that texts do not have; line ends, tabs, form feeds and escapes of terminals they do. */
function isNoText(byte: number): boolean {
  return (byte < 0x20 && byte !== 0x1b && (byte < 0x08 || byte > 0x0d)) || byte === 0x7f;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

let windowsBytes: Map<string, number> | undefined;

function windows1252(text: string): Buffer | undefined {
  windowsBytes ??= new Map(
    Array.from(
      new TextDecoder("windows-1252").decode(Uint8Array.from({ length: 256 }, (_, byte) => byte)),
      (one, byte) => [one, byte],
    ),
  );
  const bytes = Buffer.alloc(text.length);
  for (let index = 0; index < text.length; index++) {
    const byte = windowsBytes.get(text.charAt(index));
    if (byte === undefined) return undefined;
    bytes[index] = byte;
  }
  return bytes;
}
