/**
 * `AwaitedAnswers`: the requests of one direction that were forwarded, by their ids as lenient readers compare them: 5, "5"
 * and 5.0 are one. No I/O.
 */
import { LatestNumbers } from "./latest-numbers.ts";

export interface Awaited {
  method: string;
  tool: string | undefined;
  /** The request as it was forwarded; empty where the gate does not want to see the answer. */
  text: string;
  /** A shorter answer passes unread; all do where this is infinite. */
  leastBytes: number;
}

/** So many are remembered at least, twice as many at most: a peer that never answers costs no memory. */
const MOST = 10_000;
const MOST_CHARACTERS = 32 << 20;

interface Known {
  request: Awaited;
  /** Some receivers pass over an answer and take the next one: that is looked at as well. */
  isAnswered: boolean;
}

/** The number, where the id is one or reads like one. */
type Key = number | string;

export class AwaitedAnswers {
  /** Of which the gate does not want to see the answers: most. Made when there is one. */
  #unread: LatestNumbers<Awaited> | undefined;
  /** All others. */
  #latest = new Map<Key, Known>();
  #older = new Map<Key, Known>();
  #characters = 0;
  /** Whether no request passed of which nothing is known. */
  isWhole = true;

  /** @param id its exact text, or the number that it is */
  add(id: Key, request: Awaited): void {
    const key = keyOf(id);
    this.#remove(key);
    if (request.text === "" && isOfTable(key)) {
      this.#unread ??= new LatestNumbers(MOST);
      if (this.#unread.set(key, request)) return;
    }
    if (this.#latest.size >= MOST) this.#turn();
    this.#latest.set(key, { request, isAnswered: false });
    this.#characters += request.text.length;
    if (this.#characters > MOST_CHARACTERS) this.#spare();
  }

  /** The request that an answer with this id is for. There may be another answer to it. */
  answer(id: Key): Awaited | undefined {
    const key = keyOf(id);
    const unread = isOfTable(key) ? this.#unread?.get(key) : undefined;
    if (unread !== undefined) return unread;
    const known = this.#latest.get(key) ?? this.#older.get(key);
    if (known !== undefined) known.isAnswered = true;
    return known?.request;
  }

  /** The id is used again. */
  forget(id: string): void {
    this.#remove(keyOf(id));
  }

  #remove(key: Key): void {
    if (isOfTable(key)) this.#unread?.delete(key);
    if (this.#latest.size > 0) this.#removeFrom(this.#latest, key);
    if (this.#older.size > 0) this.#removeFrom(this.#older, key);
  }

  #removeFrom(some: Map<Key, Known>, key: Key): void {
    const known = some.get(key);
    if (known === undefined) return;
    this.#characters -= known.request.text.length;
    some.delete(key);
  }

  #turn(): void {
    for (const { request } of this.#older.values()) this.#characters -= request.text.length;
    this.#older = this.#latest;
    this.#latest = new Map();
  }

  /** Gives up texts, without which an answer can only be blocked: of those that are answered first. */
  #spare(): void {
    for (const onlyAnswered of [true, false]) {
      for (const some of [this.#older, this.#latest]) {
        for (const known of some.values()) {
          if (this.#characters <= MOST_CHARACTERS) return;
          if (onlyAnswered && !known.isAnswered) continue;
          this.#characters -= known.request.text.length;
          known.request = { ...known.request, text: "" };
        }
      }
    }
  }
}

function isOfTable(key: Key): key is number {
  return typeof key === "number" && LatestNumbers.has(key);
}

function keyOf(id: Key): Key {
  if (typeof id === "number") return id;
  const number = Number(id.startsWith('"') ? JSON.parse(id) : id);
  return Number.isSafeInteger(number) ? number : id;
}
