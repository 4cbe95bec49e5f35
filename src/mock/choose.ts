/** `Choice`: which recorded request one that comes now is. */
import type { Asked } from "./asked.ts";
import type { Scene } from "./recording.ts";

export type Chosen = { scene: Scene } | { refusal: Refusal };

export interface Refusal {
  code: number;
  message: string;
  data?: object;
}

const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const NAMED = 3;

export class Choice {
  readonly #requests: Scene[];
  readonly #notifications: Scene[];
  /** Those that ask for the same, in their order. */
  readonly #alike = new Map<string, Scene[]>();
  readonly #isStrict: boolean;
  #next = 0;

  /** @param isStrict whether requests may come only in the recorded order, each once */
  constructor(scenes: Scene[], isStrict: boolean) {
    this.#requests = scenes.filter(({ id }) => id !== undefined);
    this.#notifications = scenes.filter(({ id }) => id === undefined);
    this.#isStrict = isStrict;
    for (const scene of this.#requests) {
      const alike = this.#alike.get(scene.asked.key);
      if (alike === undefined) this.#alike.set(scene.asked.key, [scene]);
      else alike.push(scene);
    }
  }

  request(asked: Asked): Chosen {
    if (this.#isStrict) return this.#inOrder(asked);
    const alike = this.#alike.get(asked.key) ?? [];
    // The last one stands for all that come after it.
    const scene = alike.length > 1 ? alike.shift() : alike[0];
    return scene === undefined ? { refusal: this.#unknown(asked) } : { scene };
  }

  /** Each once: what the server sent for it, it sent once. */
  notification(asked: Asked): Scene | undefined {
    const at = this.#notifications.findIndex((scene) => scene.asked.key === asked.key);
    return at < 0 ? undefined : this.#notifications.splice(at, 1)[0];
  }

  #inOrder(asked: Asked): Chosen {
    const expected = this.#requests[this.#next];
    if (expected?.asked.key === asked.key) {
      this.#next++;
      return { scene: expected };
    }
    if (expected === undefined)
      return refused(INVALID_PARAMS, `Not in the recording: it ends before this ${asked.method}`);
    const { seq } = expected;
    const isOther = expected.asked.method !== asked.method;
    const differs = isOther ? `is ${expected.asked.method}` : differing(expected.asked, asked);
    return refused(INVALID_PARAMS, `Not the next request of the recording, which is at ${seq} and ${differs}`, { seq });
  }

  #unknown(asked: Asked): Refusal {
    const candidates = this.#requests.filter((scene) => scene.asked.method === asked.method);
    const nearest = candidates
      .map((scene) => ({ scene, distance: scene.asked.differences(asked).length }))
      .sort((a, b) => a.distance - b.distance)[0]?.scene;
    if (nearest === undefined) {
      return { code: METHOD_NOT_FOUND, message: `Not in the recording: ${asked.method}` };
    }
    const { seq } = nearest;
    const message = `Not in the recording: this ${asked.method}. The nearest is at ${seq} and ${differing(nearest.asked, asked)}`;
    return { code: INVALID_PARAMS, message, data: { seq, differences: nearest.asked.differences(asked) } };
  }
}

/** `differs in arguments.path ("a.txt" there)` */
function differing(recorded: Asked, asked: Asked): string {
  const differences = recorded.differences(asked);
  const named = differences.slice(0, NAMED).map((difference) => {
    const there = "recorded" in difference ? JSON.stringify(difference.recorded) : "nothing";
    return `${difference.path} (${there.length > LONGEST ? `${there.slice(0, LONGEST)}…` : there} there)`;
  });
  const more = differences.length - named.length;
  return `differs in ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const LONGEST = 60;

function refused(code: number, message: string, data?: object): Chosen {
  return { refusal: { code, message, ...(data === undefined ? {} : { data }) } };
}
