/** `ArgumentTest`: a rule's condition about a place in the arguments. */
import type { Asked } from "./asked.ts";
import type { ArgumentCondition } from "./compiled.ts";
import type { Met } from "./met.ts";
import type { Place, Places } from "./places.ts";
import type { PlainlyUnmet } from "./shortcut.ts";
import { nodeTest, takesLists, type TestOfNode } from "./value-tests.ts";

export class ArgumentTest {
  readonly #place: Place;
  readonly #test: TestOfNode;
  /** Whether lists are looked at as they are. */
  readonly #takesLists: boolean;
  readonly #presence: boolean | undefined;
  readonly #asksForInside: boolean;
  readonly #everyValue: boolean;

  /**
   * @param everyValue of several values at the place all must fit, which is asked of rules that allow: for those that do
   *   not, one that fits is enough
   */
  constructor({ path, tests }: ArgumentCondition, everyValue: boolean, places: Places) {
    this.#place = places.at(path);
    this.#test = nodeTest(tests);
    this.#takesLists = takesLists(tests);
    this.#presence = tests.find((test) => test.test === "present")?.present;
    this.#asksForInside = tests.some((test) => test.test === "inside" && this.#place.isAskedFor(test));
    this.#everyValue = everyValue;
  }

  met(asked: Asked): Met {
    const found = this.#place.valuesIn(asked);
    const nodes = this.#takesLists ? found.whole : found.items;
    if (this.#presence !== undefined) return found.doubt ?? found.whole.length > 0 === this.#presence;
    if (this.#everyValue && nodes.length === 0) return false;
    let doubt = found.doubt ?? found.more;
    for (const node of nodes) {
      const met = this.#test(asked.text, node);
      if (met === !this.#everyValue) return met;
      if (typeof met !== "boolean") doubt ??= met;
    }
    return doubt ?? this.#everyValue;
  }

  /** Whether it is not met, as far as one look tells. So end most of the questions that rules ask of a message. */
  isPlainlyUnmet(asked: Asked): boolean {
    if (asked.argumentsDoubt !== undefined || this.#presence !== undefined) return false;
    const found = this.#place.valuesIn(asked);
    return this.#asksForInside ? found.isFar : found.isNothing;
  }

  /** The same for calls that all readers read alike, before there is one; undefined where that cannot be said. */
  get plainlyUnmet(): PlainlyUnmet | undefined {
    const [first = "*"] = this.#place.path;
    if (this.#presence !== undefined || first.includes("*")) return undefined;
    return { place: this.#place, mayBeFar: this.#asksForInside };
  }

  /** Whether that is so of the other too, whenever it is of this one. */
  isUnmetLike(other: ArgumentTest): boolean {
    return (
      other.#place === this.#place &&
      other.#asksForInside === this.#asksForInside &&
      other.#presence === undefined &&
      this.#presence === undefined
    );
  }
}
