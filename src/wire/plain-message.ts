/**
 * `PlainMessage`: a tool call, a notification or an answer, read in one walk through its bytes, which makes nothing: no text,
 * no values. It is plain where every reader reads it alike, which leaves out much that is valid: whoever is told that a line
 * is not plain has to look closer.
 */
import { digitAt, fourAt, skipBlanks, skipColon, skipComma, skipLiteral, skipValue, standsAt } from "./json-bytes.ts";
import { LineBytes } from "./line-bytes.ts";

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;
const ZERO = 0x30;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** Of a letter: in lower case. */
const LOWER = 0x20;

/** One is plain up to so many arguments. */
const MOST_ARGUMENTS = 64;
/** The levels of a value that stands in a message, or in its `params`. */
const DEEPEST = 64;
/** A whole number of so many digits is exact to all readers. */
const MOST_DIGITS = 15;

export class PlainMessage {
  kind: "call" | "notification" | "answer" = "answer";
  /** The number; of a string, its text with the quotes. Not of a notification. */
  id: number | string = 0;
  /** How many arguments a call has. */
  argumentCount = 0;
  /** What it stands in, and from where to where, without the ending of its line. */
  #line = new LineBytes(new ArrayBuffer(0));
  bytes: Buffer<ArrayBufferLike> = this.#line.bytes;
  #start = 0;
  #end = 0;
  /** Where the name of the tool stands that is called, or the method of a notification. */
  #nameStart = 0;
  #nameEnd = 0;
  /** Where each argument's name, then its value, begins and ends. */
  readonly #arguments = new Int32Array(MOST_ARGUMENTS * 4);
  /** One bit for each name that has come. */
  #names = 0;
  /** The method that has come is the one of calls. */
  #isCall = false;

  /**
   * @param line has a line at `start`, which must stay while the message is asked about
   * @param end behind a line feed, of this line or a later one
   * @returns behind its own line feed, or -1 where it is not plain: then nothing is known of it
   */
  read(line: LineBytes, start: number, end: number): number {
    const { bytes } = line;
    this.#line = line;
    this.bytes = bytes;
    this.#start = start;
    this.#names = 0;
    this.#isCall = false;
    this.argumentCount = 0;
    if (bytes[end - 1] !== LINE_FEED) return -1; // which ends each of the walks below
    const first = skipBlanks(bytes, start);
    const behind = bytes[first] === OPEN_BRACE ? this.#message(first) : -1;
    if (behind < 0 || !this.#isOfKind(this.#names & ~JSONRPC)) return -1;
    const at = skipBlanks(bytes, behind);
    this.#end = at;
    const last = bytes[at] === RETURN ? at + 1 : at;
    return bytes[last] === LINE_FEED ? last + 1 : -1;
  }

  /** The tool of a call, the method of a notification. */
  get name(): string {
    return this.bytes.toString("latin1", this.#nameStart, this.#nameEnd);
  }

  /** The whole of it, without the ending of its line. */
  get text(): string {
    return this.bytes.toString("utf8", this.#start, this.#end);
  }

  isNamed(name: Uint8Array): boolean {
    return name.length === this.#nameEnd - this.#nameStart && standsAt(this.bytes, this.#nameStart, name);
  }

  /**
   * Whether an argument has this name.
   *
   * @param loose in lower case, for readers that do not mind the case
   * @returns "nearly" where it has another case
   */
  isArgument(index: number, name: Uint8Array, loose: Uint8Array): boolean | "nearly" {
    const start = this.#arguments[index * 4] ?? 0;
    const length = (this.#arguments[index * 4 + 1] ?? 0) - start;
    if (length === name.length && standsAt(this.bytes, start, name)) return true;
    return length === loose.length && standsInAnyCaseAt(this.bytes, start, loose) ? "nearly" : false;
  }

  valueStart(index: number): number {
    return this.#arguments[index * 4 + 2] ?? 0;
  }

  valueEnd(index: number): number {
    return this.#arguments[index * 4 + 3] ?? 0;
  }

  #isOfKind(names: number): boolean {
    if (names === ANSWER) this.kind = "answer";
    else if (this.#isCall) {
      this.kind = "call";
      return (names & ~(ARGUMENTS | META)) === CALL;
    } else {
      this.kind = "notification";
      return (names & ~PARAMS) === METHOD;
    }
    return true;
  }

  /** @returns where the object ends that begins at `start`, -1 where it is not plain; so below */
  #message(start: number): number {
    const { bytes } = this;
    let at = skipBlanks(bytes, start + 1);
    for (;;) {
      const end = this.#member(at);
      at = end < 0 ? -1 : skipComma(bytes, end, CLOSE_BRACE);
      if (at < 0) return -1;
      if (bytes[at] === CLOSE_BRACE) return at + 1;
    }
  }

  /** @returns where its value ends */
  #member(name: number): number {
    const { bytes } = this;
    switch (fourAt(bytes, name)) {
      case QUOTED_ID:
        return this.#isNew(ID) ? this.#readId(skipColon(bytes, name + 4)) : -1;
      case METHOD_BEGIN:
        if (fourAt(bytes, name + 4) !== METHOD_END || !this.#isNew(METHOD)) return -1;
        return this.#readMethod(skipColon(bytes, name + 8));
      case PARAMS_BEGIN:
        if (fourAt(bytes, name + 4) !== PARAMS_END || !this.#isNew(PARAMS)) return -1;
        return this.#readParams(skipColon(bytes, name + 8));
      case RESULT_BEGIN:
        if (fourAt(bytes, name + 4) !== RESULT_END || !this.#isNew(RESULT)) return -1;
        return this.#value(skipColon(bytes, name + 8));
      case JSONRPC_BEGIN:
        if (fourAt(bytes, name + 4) !== JSONRPC_MIDDLE || bytes[name + 8] !== QUOTE || !this.#isNew(JSONRPC)) return -1;
        return this.#value(skipColon(bytes, name + 9));
      default:
        return -1;
    }
  }

  /** Whether the name has not come before. */
  #isNew(name: number): boolean {
    const isNew = (this.#names & name) === 0;
    this.#names |= name;
    return isNew;
  }

  #readId(start: number): number {
    const { bytes } = this;
    if (bytes[start] === QUOTE) {
      const end = skipLiteral(bytes, start + 1);
      if (end >= 0) this.id = bytes.toString("latin1", start, end);
      return end;
    }
    let at = start;
    let id = 0;
    for (let digit = digitAt(bytes, at); digit >= 0; digit = digitAt(bytes, ++at)) id = id * 10 + digit;
    const length = at - start;
    if (length === 0 || length > MOST_DIGITS || (length > 1 && bytes[start] === ZERO)) return -1;
    this.id = id;
    return at;
  }

  #readMethod(start: number): number {
    const { bytes } = this;
    if (standsAt(bytes, start, TOOLS_CALL)) {
      this.#isCall = true;
      return start + TOOLS_CALL.length;
    }
    // What its parameters are has to be known before they come.
    return (this.#names & PARAMS) === 0 ? this.#readName(start) : -1;
  }

  #readName(start: number): number {
    const end = this.bytes[start] === QUOTE ? skipLiteral(this.bytes, start + 1) : -1;
    this.#nameStart = start + 1;
    this.#nameEnd = end - 1;
    return end;
  }

  /** Of a call, unless another method has come before. */
  #readParams(start: number): number {
    const { bytes } = this;
    if (bytes[start] !== OPEN_BRACE) return -1;
    if (!this.#isCall && (this.#names & METHOD) !== 0) return this.#value(start);
    let at = skipBlanks(bytes, start + 1);
    for (;;) {
      const end = this.#param(at);
      at = end < 0 ? -1 : skipComma(bytes, end, CLOSE_BRACE);
      if (at < 0) return -1;
      if (bytes[at] === CLOSE_BRACE) return at + 1;
    }
  }

  #param(name: number): number {
    const { bytes } = this;
    switch (fourAt(bytes, name)) {
      case NAME_BEGIN:
        if (bytes[name + 4] !== LETTER_E || bytes[name + 5] !== QUOTE || !this.#isNew(TOOL)) return -1;
        return this.#readName(skipColon(bytes, name + 6));
      case ARGUMENTS_BEGIN:
        if (!standsAt(bytes, name, QUOTED_ARGUMENTS) || !this.#isNew(ARGUMENTS)) return -1;
        return this.#readArguments(skipColon(bytes, name + QUOTED_ARGUMENTS.length));
      case META_BEGIN:
        if (!standsAt(bytes, name, QUOTED_META) || !this.#isNew(META)) return -1;
        return this.#value(skipColon(bytes, name + QUOTED_META.length));
      default:
        return -1;
    }
  }

  #readArguments(start: number): number {
    const { bytes } = this;
    if (bytes[start] !== OPEN_BRACE) return -1;
    let at = skipBlanks(bytes, start + 1);
    if (bytes[at] === CLOSE_BRACE) return at + 1;
    for (;;) {
      const end = bytes[at] === QUOTE ? this.#argument(at + 1) : -1;
      at = end < 0 ? -1 : skipComma(bytes, end, CLOSE_BRACE);
      if (at < 0) return -1;
      if (bytes[at] === CLOSE_BRACE) return at + 1;
    }
  }

  #argument(name: number): number {
    const { bytes } = this;
    const index = this.argumentCount;
    const nameEnd = skipWordLetters(bytes, name);
    if (index === MOST_ARGUMENTS || bytes[nameEnd] !== QUOTE) return -1;
    const value = skipColon(bytes, nameEnd + 1);
    const end = this.#value(value);
    this.argumentCount = index + 1;
    this.#arguments[index * 4] = name;
    this.#arguments[index * 4 + 1] = nameEnd;
    this.#arguments[index * 4 + 2] = value;
    this.#arguments[index * 4 + 3] = end;
    return end;
  }

  #value(start: number): number {
    return start < 0 ? -1 : skipValue(this.#line, start, DEEPEST);
  }
}

const JSONRPC = 1;
const ID = 2;
const METHOD = 4;
const PARAMS = 8;
const RESULT = 16;
const TOOL = 32;
const ARGUMENTS = 64;
const META = 128;
const ANSWER = ID | RESULT;
const CALL = ID | METHOD | PARAMS | TOOL;

/** Names with their quotes, four bytes at a time. */
const [QUOTED_ID = 0] = fours('"id"');
const [METHOD_BEGIN = 0, METHOD_END] = fours('"method"');
const [PARAMS_BEGIN = 0, PARAMS_END] = fours('"params"');
const [RESULT_BEGIN = 0, RESULT_END] = fours('"result"');
const [JSONRPC_BEGIN = 0, JSONRPC_MIDDLE] = fours('"jsonrpc');
const [NAME_BEGIN = 0] = fours('"nam');
const LETTER_E = 0x65;
const [ARGUMENTS_BEGIN = 0] = fours('"arg');
const [META_BEGIN = 0] = fours('"_me');
const [QUOTED_ARGUMENTS, QUOTED_META] = [Buffer.from('"arguments"'), Buffer.from('"_meta"')];
const TOOLS_CALL = Buffer.from('"tools/call"');
/** Those that other readers may take for another, as letters they are, but for none besides. */
const WORD = new Uint8Array(256).map((_, byte) => Number(/[\w/.:-]/.test(String.fromCharCode(byte))));

function fours(text: string): number[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: bytes.length / 4 }, (_, index) => fourAt(bytes, index * 4));
}

function skipWordLetters(bytes: Uint8Array, start: number): number {
  let at = start;
  while (WORD[bytes[at] ?? 0] === 1) at++;
  return at;
}

function standsInAnyCaseAt(line: Uint8Array, start: number, loose: Uint8Array): boolean {
  for (let index = 0; index < loose.length; index++) {
    const byte = line[start + index] ?? 0;
    if (byte !== loose[index] && (byte | LOWER) !== loose[index]) return false;
  }
  return true;
}
