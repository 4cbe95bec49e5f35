/** `CarriedValues`: what a server gave its client to come back with, such as a cursor: a fresh server gives others. */
import { replaced, spanOf, stringAt } from "../wire/outline.ts";

/** Where it stands in an answer, and where in a request. */
const GIVEN = [
  ["result", "nextCursor"],
  ["result", "requestState"],
  ["result", "taskId"],
  ["result", "task", "taskId"],
];
const BROUGHT = [
  ["params", "cursor"],
  ["params", "requestState"],
  ["params", "taskId"],
];

export class CarriedValues {
  /** From the recorded value to that of the fresh server. */
  readonly #fresh = new Map<string, string>();

  /** @returns the recorded request with the fresh server's values in it; nothing else changes */
  renew(request: string): string {
    if (this.#fresh.size === 0) return request;
    const places = BROUGHT.flatMap((path) => {
      const span = spanOf(request, path);
      const by = this.#fresh.get(stringAt(request, span) ?? "");
      return span === undefined || by === undefined ? [] : [{ span, by }];
    });
    return replaced(request, places);
  }

  /**
   * Remembers what the fresh server gave in place of what the recorded one gave.
   *
   * @returns the new answer with the recorded values: that these are others is no difference
   */
  learn(recorded: string, answer: string): string {
    const places = GIVEN.flatMap((path) => {
      const [was, is] = [spanOf(recorded, path), spanOf(answer, path)];
      const before = stringAt(recorded, was);
      if (was === undefined || is === undefined || before === undefined || stringAt(answer, is) === undefined)
        return [];
      this.#fresh.set(before, answer.slice(is.start, is.end));
      return [{ span: is, by: recorded.slice(was.start, was.end) }];
    });
    return places.length === 0 ? answer : replaced(answer, places);
  }
}
