/** `StderrTail`: the last lines that a program wrote to stderr. */

const MOST_LINES = 5;
const MOST_CHARACTERS = 4000;
const LONGEST_LINE = 400;

export class StderrTail {
  readonly #decoder = new TextDecoder();
  #text = "";

  add(bytes: Uint8Array): void {
    this.#text = (this.#text + this.#decoder.decode(bytes, { stream: true })).slice(-MOST_CHARACTERS);
  }

  get lines(): string[] {
    const lines = this.#text.split(/\r?\n/).filter((line) => line.trim() !== "");
    return lines.slice(-MOST_LINES).map((line) => line.slice(0, LONGEST_LINE).toWellFormed());
  }
}
