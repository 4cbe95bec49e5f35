/**
 * `LatestNumbers`: values by whole numbers, in tables that neither grow nor are given to the garbage collector: the thread
 * that forwards asks them about each message. No I/O.
 */

/** Numbers that follow each other have places beside each other. */
const PLACES = 1 << 14;
const NONE = -1;

export class LatestNumbers<Value> {
  readonly #least: number;
  readonly #numbers = new Int32Array(PLACES).fill(NONE);
  /** When each came, as a count. */
  readonly #since = new Float64Array(PLACES);
  readonly #values: (Value | undefined)[] = Array.from({ length: PLACES }, () => undefined);
  #count = 0;

  /** @param least so many are kept at least */
  constructor(least: number) {
    this.#least = least;
  }

  /** Whether it takes such a number. */
  static has(number: number): boolean {
    return (number | 0) === number && number >= 0;
  }

  /** @returns false where another one of the latest has its place */
  set(number: number, value: Value): boolean {
    const count = this.#count++;
    const place = number & (PLACES - 1);
    const other = this.#numbers[place] ?? NONE;
    if (other !== number && other !== NONE && count - (this.#since[place] ?? 0) < this.#least) return false;
    this.#numbers[place] = number;
    this.#since[place] = count;
    this.#values[place] = value;
    return true;
  }

  get(number: number): Value | undefined {
    const place = number & (PLACES - 1);
    return this.#numbers[place] === number ? this.#values[place] : undefined;
  }

  delete(number: number): void {
    const place = number & (PLACES - 1);
    if (this.#numbers[place] !== number) return;
    this.#numbers[place] = NONE;
    this.#values[place] = undefined;
  }
}
