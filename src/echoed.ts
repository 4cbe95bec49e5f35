/** `echoed`: a word of the command line as an error repeats it. */
import { printable } from "./terminal.ts";

const LONGEST = 100;

/** One line that does nothing to the terminal, not longer than is good to read. */
export function echoed(word: string, most = LONGEST): string {
  const letters = Array.from(word);
  return printable(letters.length > most ? `${letters.slice(0, most).join("")}…` : word);
}
