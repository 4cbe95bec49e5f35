/** `withoutEchoes`: results without what they only give back: the question of a search, the text that was written. */

/** @param asked texts of the arguments */
export function withoutEchoes(asked: readonly string[]): (text: string) => string {
  const echoes = asked
    .filter(({ length }) => length >= SHORTEST && length <= LONGEST)
    .sort((a, b) => b.length - a.length) // what is a part of another would tear holes into it
    .slice(0, MOST)
    .flatMap((text) => {
      const escaped = JSON.stringify(text).slice(1, -1);
      return escaped === text ? [text] : [text, escaped];
    });
  return (text) => echoes.reduce((rest, echo) => rest.replaceAll(echo, () => GAP), text);
}

/** In fewer characters nobody is told to do anything. */
const SHORTEST = 12;
const LONGEST = 100_000;
/** Each is looked for in the whole result. */
const MOST = 20;
const GAP = "\u2026";
