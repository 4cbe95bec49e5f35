/** `readPart`: as much of a file as an answer may hold, as models see it. */
import { KmError } from "../../../errors.ts";
import type { FilesystemBackend } from "../backend.ts";
import { bytesAt, wholeFile } from "../contents/file-bytes.ts";
import { MOST_TEXT_BYTES } from "../contents/file-text.ts";
import { fitting } from "../contents/fitting.ts";
import { lastLines, lineStart } from "../contents/line-places.ts";
import { maskText, type MaskedText } from "../contents/masked-text.ts";
import { mediaType, SHOWN_IMAGES } from "../contents/media-type.ts";
import { decodeText, type Encoding, encodingOf } from "../contents/text-encoding.ts";
import { versionOf } from "../contents/version.ts";
import type { Place } from "../places/locate.ts";
import { openFile, type OpenFile } from "../places/open-file.ts";
import { systemError } from "../places/system-error.ts";
import { shownPath } from "../shown-path.ts";
import { readFromToken, readToken } from "./read-token.ts";
import { fstatSync } from "node:fs";
import { counted } from "../../../counted.ts";

export interface WantedPart {
  /** The first line, from 1. */
  from?: number | undefined;
  /** How many lines at most. */
  lines?: number | undefined;
  /** The last lines in place of the first ones. */
  tail?: number | undefined;
  encoding?: Encoding | undefined;
  /** Of what is no text, the bytes. */
  base64?: boolean | undefined;
  token?: string | undefined;
}

export interface FilePart {
  data: {
    path: string;
    size: number;
    /** `text`, or a media type. */
    type: string;
    encoding?: string;
    version?: string;
    /** The line that the content begins with. */
    line?: number;
    /** How many lines the file has. */
    lines?: number;
    content?: string;
    base64?: string;
  };
  next?: string;
  note?: string;
  image?: { mimeType: string; base64: string };
}

/** Around a part that is read, so that a secret is seen which it cuts: longer than a private key. */
const AROUND = 32 << 10;
const MOST_IMAGE = 1 << 20;
const FIRST = 4096;

export async function readPart(
  place: Place,
  wanted: WantedPart,
  { backend, signal, mostBytes }: { backend: FilesystemBackend; signal: AbortSignal; mostBytes: number },
): Promise<FilePart> {
  using file = openFile(place);
  const around = { place, file, backend, signal, mostBytes };
  try {
    const whole = file.stats.size > MOST_TEXT_BYTES ? undefined : wholeFile(file, MOST_TEXT_BYTES);
    const part = whole === undefined ? await largePart(around, wanted) : wholePart(whole, around, wanted);
    const after = fstatSync(file.descriptor);
    const isChanged = after.mtimeMs !== file.stats.mtimeMs || after.size !== file.stats.size;
    const said = [isChanged ? "It was changed while it was read." : undefined, part.note].filter(
      (one) => one !== undefined,
    );
    return { ...part, ...(said.length > 0 && { note: said.join(" ") }) };
  } catch (error) {
    throw systemError(error, place.path);
  }
}

interface Around {
  place: Place;
  file: OpenFile;
  backend: FilesystemBackend;
  signal: AbortSignal;
  mostBytes: number;
}

function wholePart(bytes: Buffer, { place, backend, mostBytes }: Around, wanted: WantedPart): FilePart {
  const { path } = place;
  const version = versionOf(bytes, backend);
  const decoded = decodeText(bytes, wanted.encoding ?? encodingOf(bytes));
  if (decoded === undefined) return otherPart(bytes, 0, bytes.length, { path, version, backend, wanted, mostBytes });
  const { text } = maskText(decoded.text, backend.redactor);
  const lines = text === "" ? 0 : text.split("\n").length - Number(text.endsWith("\n"));
  const start = wanted.token === undefined ? startIn(text, lines, wanted) : readFromToken(wanted.token, path);
  const count = fitting(text.slice(start.at), wanted.lines ?? wanted.tail ?? Infinity, mostBytes);
  const content = text.slice(start.at, start.at + count);
  const data = {
    path,
    size: bytes.length,
    type: "text",
    encoding: nameOf(decoded),
    version,
    line: start.line,
    lines,
    content,
  };
  return continued(data, { at: start.at + count, line: start.line + feeds(content) }, start.at + count >= text.length);
}

function nameOf({ encoding, hasMark }: { encoding: Encoding; hasMark: boolean }): string {
  return hasMark ? `${encoding} with BOM` : encoding;
}

function startIn(text: string, lines: number, { from = 1, tail }: WantedPart): { at: number; line: number } {
  const line = tail === undefined ? from : Math.max(1, lines - tail + 1);
  let at = 0;
  for (let passed = 1; passed < line; passed++) {
    const feed = text.indexOf("\n", at);
    if (feed < 0 || feed + 1 >= text.length) throw beyond(lines);
    at = feed + 1;
  }
  return { at, line };
}

function beyond(lines: number | undefined): KmError {
  return new KmError(
    "SVC_001",
    `Argument from is beyond the end${lines === undefined ? "" : ` (${counted(lines, "line")})`}`,
  );
}

/** A part of a file that is too large to be held, by its bytes. */
async function largePart({ place, file, backend, signal, mostBytes }: Around, wanted: WantedPart): Promise<FilePart> {
  const { path } = place;
  const { descriptor } = file;
  const { size } = fstatSync(descriptor);
  const encoding = wanted.encoding ?? encodingOf(trimmed(bytesAt(descriptor, 0, FIRST)));
  if (encoding === undefined || encoding === "utf-16le" || encoding === "utf-16be") {
    const at = wanted.token === undefined ? 0 : readFromToken(wanted.token, path).at;
    const bytes = bytesAt(descriptor, Math.max(0, at - AROUND), mostBytes + 2 * AROUND);
    return otherPart(bytes, at, size, { path, backend, wanted, mostBytes, from: Math.max(0, at - AROUND) });
  }
  const start = await largeStart(descriptor, size, wanted, { path, signal, mostBytes });
  const before = Math.max(0, start.at - AROUND);
  const bytes = bytesAt(descriptor, before, start.at - before + mostBytes + AROUND);
  const { content, end } = windowOf(bytes, start.at - before, { encoding, wanted, mostBytes, backend });
  const at = before + end;
  const data = { path, size, type: "text", encoding, ...(start.line > 0 && { line: start.line }), content };
  return continued(data, { at, line: start.line > 0 ? start.line + feeds(content) : 0 }, at >= size);
}

async function largeStart(
  descriptor: number,
  size: number,
  { from = 1, tail, token }: WantedPart,
  { path, signal, mostBytes }: { path: string; signal: AbortSignal; mostBytes: number },
): Promise<{ at: number; line: number }> {
  if (token !== undefined) return readFromToken(token, path);
  if (tail !== undefined) return { at: lastLines(descriptor, size, tail, mostBytes), line: 0 };
  const at = await lineStart(descriptor, from, signal);
  if (at === undefined || at >= size) throw beyond(undefined);
  return { at, line: from };
}

/**
 * @param start within the bytes
 * @returns what may be shown from there on, and where that ends within the bytes
 */
function windowOf(
  bytes: Buffer,
  start: number,
  {
    encoding,
    wanted,
    mostBytes,
    backend,
  }: { encoding: Encoding; wanted: WantedPart; mostBytes: number; backend: FilesystemBackend },
): { content: string; end: number } {
  const part = trimmed(bytes.subarray(start));
  const decoded = new TextDecoder(encoding, { ignoreBOM: true }).decode(part);
  // What is no UTF-8 after all is read byte by byte: so each character is known to be where it is.
  const isExact = encoding === "windows-1252" || Buffer.byteLength(decoded) === part.length;
  const rest = isExact ? decoded : new TextDecoder("windows-1252").decode(part);
  const head = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes.subarray(0, start));
  const masked = maskText(head + rest, backend.redactor);
  const at = maskedIndex(masked, head.length);
  const from = masked.text[at] === "\ufeff" ? at + 1 : at;
  const most = fitting(masked.text.slice(from), wanted.lines ?? wanted.tail ?? Infinity, mostBytes);
  const to = wholeMasks(masked, from, from + most);
  const shown = rest.slice(0, realIndex(masked, to) - head.length);
  const isUtf8 = encoding === "utf-8" && isExact;
  return { content: masked.text.slice(from, to), end: start + (isUtf8 ? Buffer.byteLength(shown) : shown.length) };
}

/** Where a character of the text is in the masked one; within a mask, its beginning. */
function maskedIndex({ masks }: MaskedText, real: number): number {
  let by = 0;
  for (const { start, end, secret } of masks) {
    if (start - by >= real) break;
    if (start - by + secret.length > real) return start;
    by += end - start - secret.length;
  }
  return real + by;
}

function realIndex({ masks }: MaskedText, masked: number): number {
  let by = 0;
  for (const { start, end, secret } of masks) {
    if (end > masked) break;
    by += end - start - secret.length;
  }
  return masked - by;
}

/** No page ends within a mask, unless it begins with it. */
function wholeMasks({ masks }: MaskedText, from: number, to: number): number {
  const cut = masks.find(({ start, end }) => start < to && end > to);
  if (cut === undefined) return to;
  return cut.start > from ? cut.start : cut.end;
}

/** Without what is cut of a character at the end. */
function trimmed(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needs > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

function otherPart(
  bytes: Buffer,
  at: number,
  size: number,
  {
    path,
    version,
    backend,
    wanted,
    mostBytes,
    from = 0,
  }: {
    path: string;
    version?: string;
    backend: FilesystemBackend;
    wanted: WantedPart;
    mostBytes: number;
    from?: number;
  },
): FilePart {
  const start = wanted.token === undefined ? at : readFromToken(wanted.token, path).at;
  const type = start === 0 || from === 0 ? mediaType(bytes) : "application/octet-stream";
  const data = { path, size, type, ...(version !== undefined && { version }) };
  if (SHOWN_IMAGES.has(type) && size <= MOST_IMAGE && wanted.base64 !== true) {
    return { data, image: { mimeType: type, base64: bytes.toString("base64") } };
  }
  if (wanted.base64 !== true) return { data, note: "It is no text. For its bytes: base64: true." };
  if (backend.redactor.find(bytes.toString("latin1")).length > 0) {
    throw new KmError("SVC_002", `${shownPath(path)} is no text and has secrets in it: its bytes are not shown`);
  }
  const count = Math.floor((mostBytes * 3) / 4 / 3) * 3;
  const part = bytes.subarray(start - from, start - from + count);
  return continued(
    { ...data, base64: part.toString("base64") },
    { at: start + part.length, line: 0 },
    start + part.length >= size,
  );
}

function continued(data: FilePart["data"], next: { at: number; line: number }, isEnd: boolean): FilePart {
  if (isEnd) return { data };
  const lines = data.lines === undefined ? "" : ` of ${data.lines} lines`;
  const shown =
    data.line === undefined
      ? `Shown is a part of ${data.size} bytes`
      : `Shown are lines ${data.line} to ${Math.max(data.line, next.line - 1)}${lines}`;
  return { data, next: readToken(next, data.path), note: `${shown}; go on with continue.` };
}

function feeds(text: string): number {
  return text.split("\n").length - 1;
}
