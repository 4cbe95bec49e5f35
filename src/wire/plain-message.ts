/**
 * `PlainMessage`: a tool call or an answer, read in one walk through its bytes, which makes nothing: no text, no values. It
 * is plain where every reader reads it alike, which leaves out much that is valid: whoever is told that a line is not plain
 * has to look closer.
 */

import { digitAt, skipBlanks, skipLiteral, skipNumber, skipString, skipWord, standsAt } from "./json-bytes.ts";

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** Of a letter: in lower case. */
const LOWER = 0x20;

/** One is plain up to so many arguments. */
const MOST_ARGUMENTS = 64;
const DEEPEST = 64;
/** A whole number of so many digits is exact to all readers. */
const MOST_DIGITS = 15;

/** What is being walked through: other objects may have any names, twice if need be. */
type Inside = "message" | "params" | "arguments" | "value";

export class PlainMessage {
  kind: "call" | "answer" = "answer";
  /** The number; of a string, its text with the quotes. */
  id: number | string = 0;
  /** Where the name of the tool stands in the line, of a call. */
  toolStart = 0;
  toolEnd = 0;
  /** How many arguments a call has. */
  argumentCount = 0;
  /** What it stands in, and from where to where, with the line feed. */
  bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Where each argument's name, then its value, begins and ends. */
  readonly #arguments = new Int32Array(MOST_ARGUMENTS * 4);
  /** One bit for each name that has come. */
  #names = 0;

  /**
   * @param bytes have a line from `start` to `end`, with its line feed; they must stay while the message is asked about
   * @returns whether it is plain: otherwise nothing is known of it
   */
  read(bytes: Buffer, start: number, end: number): boolean {
    this.bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#names = 0;
    this.argumentCount = 0;
    const last = end - 1;
    if (bytes[last] !== LINE_FEED) return false; // which ends each of the walks below
    const first = skipBlanks(bytes, start);
    if (bytes[first] !== OPEN_BRACE) return false;
    const behind = this.#object(first, "message", 1);
    if (behind < 0) return false;
    const at = skipBlanks(bytes, behind);
    if (at !== last && !(at === last - 1 && bytes[at] === RETURN)) return false;
    const names = this.#names & ~JSONRPC;
    this.kind = names === ANSWER ? "answer" : "call";
    return names === ANSWER || (names & ~(ARGUMENTS | META)) === CALL;
  }

  get tool(): string {
    return this.bytes.toString("latin1", this.toolStart, this.toolEnd);
  }

  /** The whole of it, without the ending of its line. */
  get text(): string {
    const { bytes } = this;
    return bytes.toString("utf8", this.#start, bytes[this.#end - 2] === RETURN ? this.#end - 2 : this.#end - 1);
  }

  isTool(name: Uint8Array): boolean {
    return name.length === this.toolEnd - this.toolStart && standsAt(this.bytes, this.toolStart, name);
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

  /** @returns where the object ends that begins at `start`, -1 where it is not plain */
  #object(start: number, inside: Inside, depth: number): number {
    const line = this.bytes;
    let at = skipBlanks(line, start + 1);
    if (line[at] === CLOSE_BRACE) return at + 1;
    for (;;) {
      if (line[at] !== QUOTE) return -1;
      const name = at + 1;
      const nameEnd = skipLiteral(line, name);
      if (nameEnd < 0) return -1;
      at = skipBlanks(line, nameEnd);
      if (line[at] !== COLON) return -1;
      at = this.#member(inside, name, nameEnd - 1, skipBlanks(line, at + 1), depth);
      if (at < 0) return -1;
      at = skipBlanks(line, at);
      if (line[at] === CLOSE_BRACE) return at + 1;
      if (line[at] !== COMMA) return -1;
      at = skipBlanks(line, at + 1);
    }
  }

  /** @returns where its value ends, which begins at `value` */
  #member(inside: Inside, name: number, nameEnd: number, value: number, depth: number): number {
    switch (inside) {
      case "message":
        return this.#ofMessage(name, nameEnd, value, depth);
      case "params":
        return this.#ofParams(name, nameEnd, value, depth);
      case "arguments":
        return this.#argument(name, nameEnd, value, depth);
      case "value":
        return this.#value(value, depth);
    }
  }

  #ofMessage(name: number, nameEnd: number, value: number, depth: number): number {
    const line = this.bytes;
    const which = nameOfMessage(line, name, nameEnd);
    if (which === 0 || (this.#names & which) !== 0) return -1;
    this.#names |= which;
    if (which === ID) return this.#readId(value);
    if (which === METHOD) return standsAt(line, value, TOOLS_CALL) ? value + TOOLS_CALL.length : -1;
    if (which !== PARAMS) return this.#value(value, depth);
    return line[value] === OPEN_BRACE ? this.#object(value, "params", depth + 1) : -1;
  }

  #ofParams(name: number, nameEnd: number, value: number, depth: number): number {
    const line = this.bytes;
    const which = nameOfParams(line, name, nameEnd);
    if (which === 0 || (this.#names & which) !== 0) return -1;
    this.#names |= which;
    if (which === TOOL) {
      const end = line[value] === QUOTE ? skipLiteral(line, value + 1) : -1;
      this.toolStart = value + 1;
      this.toolEnd = end - 1;
      return end;
    }
    if (which === META) return this.#value(value, depth);
    return line[value] === OPEN_BRACE ? this.#object(value, "arguments", depth + 1) : -1;
  }

  #argument(name: number, nameEnd: number, value: number, depth: number): number {
    const index = this.argumentCount;
    if (index === MOST_ARGUMENTS || !isWord(this.bytes, name, nameEnd)) return -1;
    const end = this.#value(value, depth);
    this.argumentCount = index + 1;
    this.#arguments[index * 4] = name;
    this.#arguments[index * 4 + 1] = nameEnd;
    this.#arguments[index * 4 + 2] = value;
    this.#arguments[index * 4 + 3] = end;
    return end;
  }

  #readId(start: number): number {
    const line = this.bytes;
    if (line[start] === QUOTE) {
      const end = skipLiteral(line, start + 1);
      if (end >= 0) this.id = line.toString("latin1", start, end);
      return end;
    }
    let at = start;
    let id = 0;
    for (let digit = digitAt(line, at); digit >= 0; digit = digitAt(line, ++at)) id = id * 10 + digit;
    const length = at - start;
    if (length === 0 || length > MOST_DIGITS || (length > 1 && line[start] === ZERO)) return -1;
    this.id = id;
    return at;
  }

  #value(start: number, depth: number): number {
    const line = this.bytes;
    const first = line[start] ?? 0;
    if (first === QUOTE) return skipString(line, start + 1);
    if (first === OPEN_BRACE) return depth === DEEPEST ? -1 : this.#object(start, "value", depth + 1);
    if (first === OPEN_BRACKET) return depth === DEEPEST ? -1 : this.#list(start, depth + 1);
    return first === MINUS || digitAt(line, start) >= 0 ? skipNumber(line, start) : skipWord(line, start);
  }

  #list(start: number, depth: number): number {
    const line = this.bytes;
    let at = skipBlanks(line, start + 1);
    if (line[at] === CLOSE_BRACKET) return at + 1;
    for (;;) {
      at = this.#value(at, depth);
      if (at < 0) return -1;
      at = skipBlanks(line, at);
      if (line[at] === CLOSE_BRACKET) return at + 1;
      if (line[at] !== COMMA) return -1;
      at = skipBlanks(line, at + 1);
    }
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

const [JSONRPC_NAME, ID_NAME, METHOD_NAME] = [Buffer.from("jsonrpc"), Buffer.from("id"), Buffer.from("method")];
const [PARAMS_NAME, RESULT_NAME] = [Buffer.from("params"), Buffer.from("result")];
const [TOOL_NAME, ARGUMENTS_NAME, META_NAME] = [Buffer.from("name"), Buffer.from("arguments"), Buffer.from("_meta")];
const TOOLS_CALL = Buffer.from('"tools/call"');
/** Those that other readers may take for another, as letters they are, but for none besides. */
const WORD = new Uint8Array(256).map((_, byte) => Number(/[\w/.:-]/.test(String.fromCharCode(byte))));

/** 0 where it is none that a plain message has. */
function nameOfMessage(line: Uint8Array, start: number, end: number): number {
  switch (end - start) {
    case 2:
      return standsAt(line, start, ID_NAME) ? ID : 0;
    case 6:
      if (standsAt(line, start, METHOD_NAME)) return METHOD;
      if (standsAt(line, start, PARAMS_NAME)) return PARAMS;
      return standsAt(line, start, RESULT_NAME) ? RESULT : 0;
    case 7:
      return standsAt(line, start, JSONRPC_NAME) ? JSONRPC : 0;
    default:
      return 0;
  }
}

function nameOfParams(line: Uint8Array, start: number, end: number): number {
  switch (end - start) {
    case 4:
      return standsAt(line, start, TOOL_NAME) ? TOOL : 0;
    case 5:
      return standsAt(line, start, META_NAME) ? META : 0;
    case 9:
      return standsAt(line, start, ARGUMENTS_NAME) ? ARGUMENTS : 0;
    default:
      return 0;
  }
}

function isWord(line: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (WORD[line[at] ?? 0] === 0) return false;
  return true;
}

function standsInAnyCaseAt(line: Uint8Array, start: number, loose: Uint8Array): boolean {
  for (let index = 0; index < loose.length; index++) {
    const byte = line[start + index] ?? 0;
    if (byte !== loose[index] && (byte | LOWER) !== loose[index]) return false;
  }
  return true;
}
