/** `splitWords`: a line as words, with quotes and backslashes as in a shell. */

export interface Word {
  text: string;
  /** Where it begins in the line. */
  start: number;
}

/** @returns undefined where a quote is not closed */
export function splitWords(line: string): Word[] | undefined {
  const words: Word[] = [];
  let word: Word | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= { text: "", start: at };
    if (quote === "" && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = "";
    else if (character === "\\" && quote !== "'" && isEscaped(line.charAt(at + 1), quote))
      word.text += line.charAt(++at);
    else word.text += character;
  }
  if (word !== undefined) words.push(word);
  return quote === "" ? words : undefined;
}

/** In quotes a backslash is itself, unless it has to be something else. */
function isEscaped(next: string, quote: string): boolean {
  return quote === "" ? next !== "" : next === '"' || next === "\\";
}
