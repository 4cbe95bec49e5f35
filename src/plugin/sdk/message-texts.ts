/** `messageTexts`: the messages in a line of `km/events` as they stand there, for numbers beyond 2^53. */
import { scanJson } from "../../guard/json-tokens.ts";

/**
 * @param line a `km/events` notification
 * @returns for each event of `params.events` the text of its `message`, or undefined where it has none
 */
export function messageTexts(line: string): (string | undefined)[] {
  const texts: (string | undefined)[] = [];
  /** What the key of each open object was last; the array of events is at depth 3, an event at 4. */
  const keys: string[] = [];
  let depth = 0;
  let start = -1;
  scanJson(line, (token, from, to) => {
    if (token === "key") {
      if (depth <= 4) keys[depth] = line.slice(from, to);
    } else if (token === "{" || token === "[") {
      if (depth === 3 && inEvents(keys)) texts.push(undefined);
      if (depth === 4 && inEvents(keys) && keys[4] === "message") start = from;
      depth++;
      if (depth <= 4) keys[depth] = "";
    } else if (token === "}" || token === "]") {
      depth--;
      if (depth === 4 && start >= 0) {
        texts[texts.length - 1] = line.slice(start, to);
        start = -1;
      }
    }
  });
  return texts;
}

function inEvents(keys: string[]): boolean {
  return keys[1] === "params" && keys[2] === "events";
}
