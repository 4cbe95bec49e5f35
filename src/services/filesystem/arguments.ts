/** Arguments that several tools of the file system take. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";

export const pathArgument = text("a path", 4096);

export const expectArgument = described("version that was read", text("a version", 64));

export function flagArgument(words: string) {
  return described(words, v.boolean("true or false"));
}

export function numberArgument(words: string, most: number, least = 1) {
  const allowed = `a whole number from ${least} to ${most}`;
  return described(
    words,
    v.pipe(v.number(allowed), v.safeInteger(allowed), v.minValue(least, allowed), v.maxValue(most, allowed)),
  );
}
