/**
 * `SharedPrints`: the fingerprints of all sessions, in files in the folder that the plugin's processes share. Each session
 * appends to its own, so none overwrites what another adds, and the others read on where they stopped.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isObject } from "#plugin-sdk";
import type { Prints } from "./fingerprint.ts";
import { type Moment, type PrintLine, printLine, printsIn, SessionPrints } from "./session-prints.ts";

/** What was read longer ago is forgotten. */
export const KEPT_MS = 3_600_000;
/** Of one file; a session has two of them at a time. */
const MOST_BYTES = 512 << 10;
/** Others are not looked at. */
const MOST_FILES = 64;
const SALT_BYTES = 32;
const PRINTS = /^prints-([\w-]{1,128})-(\d{1,9})\.ndjson$/;

interface File {
  offset: number;
  prints: SessionPrints;
}

export class SharedPrints {
  readonly #folder: string;
  readonly #session: string;
  readonly #files = new Map<string, File>();
  /** What this process has added. */
  readonly #own: SessionPrints;
  #number: number;
  #bytes = 0;
  #waiting: string[] = [];

  /** @throws a system error where the folder cannot be used */
  constructor(folder: string, server: string, session: string) {
    this.#folder = folder;
    this.#own = new SessionPrints(server);
    this.#session = session.replace(/[^\w-]/g, "_").slice(0, 128);
    this.removeOld();
    const mine = readdirSync(folder).flatMap((name) => {
      const [, id, number] = PRINTS.exec(name) ?? [];
      return id === this.#session ? [Number(number)] : [];
    });
    // An earlier process of the session may have left a line unfinished, and was perhaps not the only one.
    this.#number = Math.max(-1, ...mine) + 1;
    for (const number of mine) if (number < this.#number - 1) this.#remove(this.#name(number));
    this.refresh();
  }

  /** For the others at the next `publish`. */
  add(moment: Moment, prints: Prints): void {
    this.#own.add(moment, prints);
    this.#waiting.push(`${JSON.stringify(printLine(moment, prints))}\n`);
  }

  /** @throws a system error where the disk does not take it; it is not tried again */
  publish(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length === 0) return;
    // Removed by another session, since there was nothing new for so long. Who has read it would not read it again.
    if (this.#bytes > 0 && !existsSync(join(this.#folder, this.#name(this.#number)))) this.#beginNext();
    let text = "";
    for (const line of lines) {
      if (this.#bytes > 0 && this.#bytes + line.length > MOST_BYTES) {
        this.#append(text);
        text = "";
        this.#beginNext();
      }
      text += line;
      this.#bytes += line.length;
    }
    this.#append(text);
  }

  /** Reads what the other sessions have published since. */
  refresh(): void {
    const own = this.#name(this.#number);
    const names = readdirSync(this.#folder).filter((name) => PRINTS.test(name) && name !== own);
    const there = new Set(names.length > MOST_FILES ? this.#newest(names) : names);
    for (const name of this.#files.keys()) if (!there.has(name)) this.#files.delete(name);
    for (const name of there) this.#readOn(name);
  }

  /** This one first. */
  sessions(): SessionPrints[] {
    return [this.#own, ...[...this.#files.values()].map(({ prints }) => prints)];
  }

  removeOld(now = Date.now()): void {
    for (const name of readdirSync(this.#folder)) {
      if (PRINTS.test(name) && now - modified(join(this.#folder, name)) > KEPT_MS) this.#remove(name);
    }
  }

  #name(number: number): string {
    return `prints-${this.#session}-${number}.ndjson`;
  }

  #append(text: string): void {
    if (text !== "") appendFileSync(join(this.#folder, this.#name(this.#number)), text, { mode: 0o600 });
  }

  #beginNext(): void {
    this.#remove(this.#name(this.#number - 1));
    this.#number++;
    this.#bytes = 0;
  }

  #remove(name: string): void {
    rmSync(join(this.#folder, name), { force: true });
  }

  #newest(names: string[]): string[] {
    const times = new Map(names.map((name) => [name, modified(join(this.#folder, name))]));
    return names.sort((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0)).slice(0, MOST_FILES);
  }

  #readOn(name: string): void {
    const file = this.#files.get(name);
    const bytes = bytesFrom(join(this.#folder, name), file?.offset ?? 0);
    const end = bytes.lastIndexOf(10) + 1; // a line that is just being written is read later
    if (end === 0) return;
    let known = file;
    for (const text of bytes.subarray(0, end).toString().split("\n")) {
      const line = readLine(text);
      if (line === undefined) continue;
      known ??= { offset: 0, prints: new SessionPrints(line.server) };
      known.prints.add(line, printsIn(line));
    }
    if (known === undefined) return;
    known.offset += end;
    this.#files.set(name, known);
  }
}

/** The same for all sessions: made by the first of them. One that is damaged is still the same for all. */
export function sharedSalt(folder: string): Uint8Array {
  const file = join(folder, "salt");
  if (!existsSync(file)) {
    const own = `${file}-${process.pid}`;
    writeFileSync(own, crypto.getRandomValues(new Uint8Array(SALT_BYTES)), { mode: 0o600 });
    try {
      linkSync(own, file); // whole, or not there
    } catch {
      if (!existsSync(file)) renameSync(own, file); // else another session was faster; not every disk has links
    } finally {
      rmSync(own, { force: true });
    }
  }
  return readFileSync(file);
}

function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Empty where there is nothing more, or no such file any more. */
function bytesFrom(file: string, offset: number): Buffer {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= offset) return Buffer.alloc(0);
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return Buffer.alloc(0); // removed meanwhile
  }
  try {
    const bytes = Buffer.alloc(size - offset);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset));
  } finally {
    closeSync(fd);
  }
}

function readLine(text: string): PrintLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return isPrintLine(line) ? line : undefined;
  } catch {
    return undefined; // cut short by a full disk
  }
}

function isPrintLine(value: unknown): value is PrintLine {
  if (!isObject(value) || typeof value["at"] !== "number") return false;
  const { kind } = value;
  const texts = ["server", "tool", "passages", "identifiers"];
  return (kind === "read" || kind === "said") && texts.every((name) => typeof value[name] === "string");
}
