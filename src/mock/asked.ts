/** `Asked`: what a message of a client asks for, whoever asks and however: to be compared with what others asked for. */
import { compareValues, type Difference, parseExactly } from "../mcp/compare-answers.ts";
import { isObject, memberText } from "../wire/jsonrpc.ts";

/** Of these there is one answer, whoever asks: their parameters say who that is. */
const GREETINGS = new Set(["initialize", "server/discover"]);

export class Asked {
  readonly method: string;
  /** The same for all that ask for the same. */
  readonly key: string;
  readonly #params: unknown;

  private constructor(method: string, params: unknown) {
    this.method = method;
    this.key = `${method} ${JSON.stringify(sorted(params))}`;
    this.#params = params;
  }

  /** @param text the whole message */
  static by(method: string, text: string): Asked {
    const written = GREETINGS.has(method) ? undefined : memberText(text, "params");
    const params = parseExactly(written ?? "{}");
    if (!isObject(params)) return new Asked(method, params);
    // Who asks, how much of it is to be reported, and traces.
    const { _meta, ...rest } = params;
    return new Asked(method, rest);
  }

  /** Where the other one asks for something else, by the members of `params`. */
  differences(other: Asked): Difference[] {
    return compareValues(this.#params, other.#params);
  }
}

/** With the members of all objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value) || JSON.isRawJSON(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
