/** `Answers`: which calls of a client were answered, and what should not be: a second answer, or that of another call. */
import { readAnswered } from "../actors/said-calls.ts";

export class Answers {
  readonly problems: string[] = [];
  /** Those that were answered with a result. */
  readonly marks: string[] = [];
  readonly #name: string;
  readonly #asked = new Map<number, { answers: number; isError: boolean }>();

  constructor(name: string) {
    this.#name = name;
  }

  /** @returns the mark of the call */
  ask(id: number): string {
    this.#asked.set(id, { answers: 0, isError: false });
    return this.#markOf(id);
  }

  take(line: string): void {
    const { id, mark } = read(line);
    if (id === "none") this.problems.push(`got what is no JSON: ${line.slice(0, 200)}`);
    if (typeof id !== "number") return;
    const asked = this.#asked.get(id);
    if (asked === undefined) {
      this.problems.push(`got an answer to ${id}, which it has not asked: ${line.slice(0, 200)}`);
      return;
    }
    asked.answers++;
    asked.isError = line.includes('"error":{');
    if (asked.answers > 1) this.problems.push(`got ${asked.answers} answers to ${id}: ${line.slice(0, 200)}`);
    if (mark === undefined) return;
    if (mark === this.#markOf(id)) this.marks.push(mark);
    else this.problems.push(`got the answer of ${mark} to ${this.#markOf(id)}`);
  }

  isError(id: number): boolean {
    return this.#asked.get(id)?.isError ?? true;
  }

  /** Ids that were not answered. */
  get open(): number[] {
    return Array.from(this.#asked).flatMap(([id, { answers }]) => (answers === 0 ? [id] : []));
  }

  get count(): number {
    return this.#asked.size;
  }

  #markOf(id: number): string {
    return `${this.#name}-${id}`;
  }
}

function read(line: string): { id: number | "none" | undefined; mark: string | undefined } {
  try {
    return readAnswered(line);
  } catch {
    return { id: "none", mark: undefined };
  }
}
