/**
 * `untilHungUp`: SIGHUP says two things. To a service it says that its files have changed; to a program in a terminal, that
 * the terminal is gone. Which of them is meant, the terminal itself tells.
 */
import { closeSync, openSync } from "node:fs";

/**
 * @param reload for the first; undefined where there are no files, so that only an end can be meant
 * @returns a promise of the second
 */
export function untilHungUp(reload: (() => unknown) | undefined): Promise<"SIGHUP"> {
  const { promise, resolve } = Promise.withResolvers<"SIGHUP">();
  const hadTerminal = hasTerminal();
  process.on("SIGHUP", () => {
    if (reload === undefined || (hadTerminal && !hasTerminal())) resolve("SIGHUP");
    else reload();
  });
  return promise;
}

/** Whether this process belongs to a terminal that is there. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
