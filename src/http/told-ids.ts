/** `ToldIds`: requests that got an error of km's own. What the server says to one all the same would be a second answer. */

/** The oldest are forgotten: their answers would have come long ago. */
const MOST = 1000;

export class ToldIds {
  readonly #ids = new Set<string>();

  add(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size <= MOST) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  /** Its client asks anew with it, or nothing can come any more. @returns whether it was there */
  delete(id: string): boolean {
    return this.#ids.delete(id);
  }

  clear(): void {
    this.#ids.clear();
  }
}
