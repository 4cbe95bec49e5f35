/** `SessionPrints`: the fingerprints of one session: what its server gave, and what it was given. */
import type { Prints } from "./fingerprint.ts";
import type { Use } from "./words.ts";

export interface Moment {
  server: string;
  tool: string;
  /** Milliseconds since 1970. */
  at: number;
  kind: Use;
}

/** One line of a session's file. Nothing of what was said can be read from it. */
export interface PrintLine extends Moment {
  /** Six bytes each, in Base64. */
  passages: string;
  identifiers: string;
}

export interface Reading {
  /** When it was read first, and when last. */
  at: number;
  last: number;
  tool: string;
  isIdentifier: boolean;
}

/** Of each kind. */
const MOST = 40_000;
const BYTES = 6;

export class SessionPrints {
  readonly server: string;
  readonly #read = new Moments<Reading>();
  readonly #said = new Moments<{ at: number; last: number }>();

  constructor(server: string) {
    this.server = server;
  }

  add({ kind, tool, at }: Moment, { passages, identifiers }: Prints): void {
    for (const isIdentifier of [false, true]) {
      const moment = { at, last: at, tool, isIdentifier };
      for (const print of isIdentifier ? identifiers : passages) {
        if (kind === "said") this.#said.add(print, moment);
        else this.#read.add(print, moment);
      }
    }
  }

  /** When its server gave it first. */
  read(print: number): Reading | undefined {
    return this.#read.get(print);
  }

  /** When its server was given it first. */
  said(print: number): number | undefined {
    return this.#said.get(print)?.at;
  }
}

/**
 * By print, when it was met. What was not met for the longest goes: half of them at once, since to look for the oldest takes
 * longer each time.
 */
class Moments<T extends { at: number; last: number }> {
  #young = new Map<number, T>();
  #old = new Map<number, T>();

  get(print: number): T | undefined {
    return this.#old.get(print) ?? this.#young.get(print);
  }

  add(print: number, moment: T): void {
    const known = this.get(print);
    if (known !== undefined) {
      const first = known.at <= moment.at ? known : moment;
      moment = { ...first, last: Math.max(known.last, moment.last) };
    }
    this.#old.delete(print);
    this.#young.set(print, moment);
    if (this.#young.size <= MOST / 2) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}

export function printLine({ server, tool, at, kind }: Moment, { passages, identifiers }: Prints): PrintLine {
  return { server, tool, at, kind, passages: encode(passages), identifiers: encode(identifiers) };
}

export function printsIn({ passages, identifiers }: PrintLine): Prints {
  return { passages: decode(passages), identifiers: decode(identifiers) };
}

function encode(prints: readonly number[]): string {
  const bytes = Buffer.alloc(prints.length * BYTES);
  for (const [index, print] of prints.entries()) bytes.writeUIntBE(print, index * BYTES, BYTES);
  return bytes.toString("base64");
}

function decode(text: string): number[] {
  const bytes = Buffer.from(text, "base64");
  return Array.from({ length: Math.floor(bytes.length / BYTES) }, (_, index) => bytes.readUIntBE(index * BYTES, BYTES));
}
