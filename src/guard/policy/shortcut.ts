/** `Shortcut`: whether calls of a tool pass, as far as a look at a few of their arguments tells. */
import { folded } from "./name-matcher.ts";
import type { Place } from "./places.ts";

/** A tool call that all readers read alike. */
export interface PlainCall {
  readonly argumentCount: number;
  /** "nearly" for the name in another case; `loose` is the name in lower case. */
  isArgument(index: number, name: Uint8Array, loose: Uint8Array): boolean | "nearly";
  /** The line that it stands in, and where the value of an argument begins and ends there. */
  readonly bytes: Uint8Array;
  valueStart(index: number): number;
  valueEnd(index: number): number;
}

/** When a rule is plainly unmet: nothing stands at the place, or what stands there is far from all folders asked for there. */
export interface PlainlyUnmet {
  place: Place;
  mayBeFar: boolean;
}

export class Shortcut {
  readonly #conditions: (PlainlyUnmet & { name: Uint8Array; loose: Uint8Array })[];
  readonly #isOpen: () => boolean;

  /**
   * @param conditions all have to hold for a call to pass
   * @param isOpen asked for each call
   */
  constructor(conditions: readonly PlainlyUnmet[], isOpen: () => boolean) {
    const isFirst = ({ place, mayBeFar }: PlainlyUnmet, index: number): boolean =>
      conditions.findIndex((other) => other.place === place && other.mayBeFar === mayBeFar) === index;
    this.#conditions = conditions.filter(isFirst).map(({ place, mayBeFar }) => {
      const [name = ""] = place.path;
      return { place, mayBeFar, name: Buffer.from(name), loose: Buffer.from(folded(name)) };
    });
    this.#isOpen = isOpen;
  }

  /** Whether the call passes. Where this is false it may do so all the same. */
  passes(call: PlainCall): boolean {
    if (!this.#isOpen()) return false;
    for (const { place, mayBeFar, name, loose } of this.#conditions) {
      let found = -1;
      for (let index = 0; index < call.argumentCount; index++) {
        const isIt = call.isArgument(index, name, loose);
        if (isIt === false) continue;
        if (isIt === "nearly" || found >= 0) return false;
        found = index;
      }
      if (found < 0) continue;
      if (!mayBeFar || place.path.length > 1 || !isFar(place, call, found)) return false;
    }
    return true;
  }
}

const QUOTE = 0x22;

/** No path that is plain has an escape in it, so it reads as it stands there. */
function isFar(place: Place, call: PlainCall, index: number): boolean {
  const start = call.valueStart(index);
  return call.bytes[start] === QUOTE && place.isPlainlyFar(call.bytes, start + 1, call.valueEnd(index) - 1);
}
