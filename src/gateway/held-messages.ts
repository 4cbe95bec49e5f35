/** `HeldMessages`: what no stream is there for yet. Of more than is kept the oldest are lost, as they are where nobody ever reads. */

const MOST = 1000;
const MOST_CHARACTERS = 4 << 20;

export class HeldMessages {
  #texts: string[] = [];
  #characters = 0;

  hold(text: string): void {
    this.#texts.push(text);
    this.#characters += text.length;
    while (this.#texts.length > MOST || this.#characters > MOST_CHARACTERS) {
      this.#characters -= this.#texts.shift()?.length ?? 0;
    }
  }

  /** They are held no more. */
  take(): string[] {
    const texts = this.#texts;
    this.#texts = [];
    this.#characters = 0;
    return texts;
  }
}
