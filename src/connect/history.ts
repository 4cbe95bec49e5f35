/** `ConnectHistory`: the lines that were typed to servers, kept without what looks secret in them. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Redactor } from "../guard/redaction/redact.ts";

const MOST_LINES = 1000;
const LONGEST_LINE = 4000;

export class ConnectHistory {
  readonly #file: string;
  readonly #redactor: Redactor;
  /** The oldest first. */
  readonly #lines: string[];

  constructor(file: string, redactor: Redactor) {
    this.#file = file;
    this.#redactor = redactor;
    this.#lines = readLines(file);
    if (this.#lines.length > 2 * MOST_LINES) this.#shorten();
  }

  /** The newest first, each once. */
  get newestFirst(): string[] {
    return [...new Set(this.#lines.toReversed())].slice(0, MOST_LINES);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** What cannot be kept is remembered as long as this lasts. */
  add(line: string): void {
    const kept = withoutSecrets(line.trim(), this.#redactor);
    if (kept === "" || kept.length > LONGEST_LINE || /\p{Cc}/u.test(kept) || kept === this.#lines.at(-1)) return;
    this.#lines.push(kept);
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      appendFileSync(this.#file, `${kept}\n`, { mode: 0o600 });
    } catch {
      return; // a disk that is full, a folder that is not ours
    }
  }

  #shorten(): void {
    const kept = this.#lines.splice(0, this.#lines.length, ...this.#lines.slice(-MOST_LINES));
    if (kept.length === 0) return;
    try {
      writeFileSync(this.#file, this.#lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
    } catch {
      return;
    }
  }
}

function withoutSecrets(line: string, redactor: Redactor): string {
  return redactor.redact(line).text.replace(/\[redacted:[a-z0-9-]+\]/g, "");
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return []; // nothing was kept yet
  }
}
