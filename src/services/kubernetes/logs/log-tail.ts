/** `LogTail`: the last lines of a log that are wanted, kept within bounds while it is read. */

export interface LineFilter {
  /** Any of them, in any case; all lines unless given. */
  contains: readonly string[];
  excludes: readonly string[];
}

/** With the server's times, by which it is known where the log ends. */
const TIMED = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+]\d\d:\d\d)) ?(.*)$/s;
const LONGEST_LINE = 4000;

export class LogTail {
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #contains: string[];
  readonly #excludes: string[];
  readonly #withTimes: boolean;
  #lines: string[] = [];
  #bytes = 0;
  /** Lines that passed the filter. */
  matched = 0;
  read = 0;
  /** Of the last line that was read. */
  last: string | undefined;

  constructor(most: number, mostBytes: number, { contains, excludes }: LineFilter, withTimes: boolean) {
    this.#most = most;
    this.#mostBytes = mostBytes;
    this.#contains = contains.map((text) => text.toLowerCase());
    this.#excludes = excludes.map((text) => text.toLowerCase());
    this.#withTimes = withTimes;
  }

  add(line: string): void {
    const [, time, text = line] = TIMED.exec(line) ?? [];
    this.read++;
    this.last = time ?? this.last;
    if (!this.#isWanted(text)) return;
    this.matched++;
    const shown = shortened(this.#withTimes ? line : text);
    this.#lines.push(shown);
    this.#bytes += shown.length + 1;
    while (this.#lines.length > this.#most || (this.#bytes > this.#mostBytes && this.#lines.length > 1)) {
      this.#bytes -= (this.#lines.shift()?.length ?? 0) + 1;
    }
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  #isWanted(text: string): boolean {
    if (this.#contains.length === 0 && this.#excludes.length === 0) return true;
    const lower = text.toLowerCase();
    if (this.#excludes.some((part) => lower.includes(part))) return false;
    return this.#contains.length === 0 || this.#contains.some((part) => lower.includes(part));
  }
}

function shortened(line: string): string {
  return line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE)} [... ${line.length} characters]`;
}
