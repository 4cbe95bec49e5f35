/** `AskedTexts`: what was said in the arguments of the calls that are open: a result may give it back. */
import { textsIn } from "./texts-in.ts";

export class AskedTexts {
  /** By call; the oldest first. */
  readonly #texts = new Map<number, string[]>();
  #length = 0;

  /** @param call `seq` of the request that opened it; without it nothing is kept */
  add(call: number | undefined, given: unknown): void {
    if (call === undefined) return;
    this.#forget(call);
    const texts = [...textsIn(given, MOST_OF_ONE)];
    this.#texts.set(call, texts);
    this.#length += lengthOf(texts);
    for (const oldest of this.#texts.keys()) {
      if (this.#length <= MOST_TEXT && this.#texts.size <= MOST_CALLS) break;
      this.#forget(oldest);
    }
  }

  of(call: number | undefined): readonly string[] | undefined {
    return call === undefined ? undefined : this.#texts.get(call);
  }

  #forget(call: number): void {
    this.#length -= lengthOf(this.#texts.get(call) ?? []);
    this.#texts.delete(call);
  }
}

/** Characters. */
const MOST_OF_ONE = 1 << 18;
const MOST_TEXT = 4 << 20;
const MOST_CALLS = 200;

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0);
}
