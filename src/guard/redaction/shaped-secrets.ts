/** Finds the credentials of a text that can be told by their looks. */
import { type Keyword, keywordSearch } from "./keywords.ts";
import { Runs } from "./runs.ts";
import type { Secret } from "./secret.ts";
import { type Shape, shapes } from "./shapes.ts";
import { isPlaceholder } from "./values.ts";

interface ShapeKeyword extends Keyword {
  shape: Shape;
}

export const shapeKeywords: ShapeKeyword[] = [];
for (const shape of shapes) {
  for (const text of shape.keywords) shapeKeywords.push({ text, anyCase: shape.anyCase === true, shape });
}

const search = keywordSearch(shapeKeywords);

/** In no order, and they may overlap. `text` is plain: what is escaped in it is not decoded. */
export function shapedSecrets(text: string): Secret[] {
  const secrets: Secret[] = [];
  /** What each shape read last. What begins inside would end there too, and take its time again. */
  let read: Map<Shape, { start: number; end: number }> | undefined; // made when needed: most texts are short
  let runs: Runs | undefined;
  search.text(text, (index, at) => {
    const { shape } = shapeKeywords[index] as ShapeKeyword; // the search counts by this list
    if (!mayBegin(text, at, shape)) return false;
    if (shape.behind !== undefined && !isBehind(text, at, shape.behind)) return false;
    const last = read?.get(shape);
    if (last !== undefined && last.start <= at && at < last.end) return false;
    const place = match(text, at, shape);
    if (place === undefined) {
      if (shape.run === undefined) return false;
      runs ??= new Runs(text);
      (read ??= new Map()).set(shape, { start: at, end: runs.end(shape.run, at) });
      return false;
    }
    const secret = text.slice(place.start, place.end);
    // What is refused may have the credential in it: `Basic Basic dXNlcjpwYXNz`.
    if (isPlaceholder(secret, shape.kind) || shape.check?.(secret) === false) return false;
    (read ??= new Map()).set(shape, { start: at, end: place.end });
    secrets.push({ ...place, kind: shape.kind });
    return false;
  });
  return secrets;
}

function match(text: string, at: number, { pattern }: Shape): { start: number; end: number } | undefined {
  if (typeof pattern === "function") {
    const end = pattern(text, at);
    return end === undefined ? undefined : { start: at, end };
  }
  pattern.lastIndex = at;
  const [all, context = ""] = pattern.exec(text) ?? [];
  return all === undefined ? undefined : { start: at + context.length, end: at + all.length };
}

function isBehind(text: string, at: number, words: string[]): boolean {
  const before = text.slice(Math.max(0, at - LONG_COMMAND), at);
  return words.some((word) => {
    const start = before.lastIndexOf(word);
    return start >= 0 && !/[|;]|(?<!\\)\n/.test(before.slice(start));
  });
}

const LONG_COMMAND = 400;

/** Whether a shape may begin at its keyword: not behind a letter or digit, unless that belongs to an escape: `\n`, `%3D`. */
export function mayBegin(text: string, at: number, shape: Shape): boolean {
  return (
    shape.insideWord === true ||
    !isLetterOrDigit(text.charCodeAt(at - 1)) ||
    text[at - 2] === "\\" ||
    text[at - 3] === "%" ||
    text.startsWith("\\u", at - 6)
  );
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}
