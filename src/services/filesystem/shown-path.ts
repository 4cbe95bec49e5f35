/** `shownPath`: a path as a line of text may show it: whatever is not seen, or changes what is seen, is escaped. */

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]|^\s|\s$/u;
const EACH_UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u007f-\u009f]/gu;

/** In quotes and with escapes, as JSON has them, where it needs that; so it can be given back as an argument. */
export function shownPath(path: string): string {
  if (!UNSEEN.test(path) && !path.startsWith('"')) return path;
  return JSON.stringify(path).replace(EACH_UNSEEN, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}
