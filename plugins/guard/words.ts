/** Which words of a text are no data: where something lies, and what something is called. */

/** What a server gave, or what it was given. */
export type Use = "read" | "said";

/** Everything between white space, quotes, brackets and the marks of a list. */
export const WORD = /[^\s"'`,;()<>[\]{}|]+/g;

/** An address of the web, or a path with folders. */
export function isPlace(word: string): boolean {
  return word.includes("://") || word.split(/[/\\]/, 3).length === 3;
}

/** Of packages, files, functions and the like. What is shorter makes no passage, and what is longer is no name. */
const SHORTEST_NAME = 20;
const LONGEST_NAME = 80;
const NAME = /^[\w.@/:~+#$!?*-]+$/;
const PARTS = /\w[-_./@:#+~]+\w|[a-z][A-Z]/;

export function isName(word: string): boolean {
  return word.length >= SHORTEST_NAME && word.length <= LONGEST_NAME && NAME.test(word) && PARTS.test(word);
}
