/** Arguments that several tools of Kibana take. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { continueArgument, limitArgument } from "../page.ts";

const SPACE = "the id of a space: small letters, digits, _ and -";
export const spaceId = v.pipe(v.string(SPACE), v.regex(/^[a-z0-9_-]{1,100}$/, SPACE));

/** Where, for every tool. */
export const where = { space: v.optional(spaceId), connection: connectionArgument };

export function pageArguments(usual: number) {
  return { limit: limitArgument(usual), continue: continueArgument, ...where };
}

const ID = "an id without slashes";
export const idArgument = v.pipe(text(ID, 512), v.regex(/^(?!\.{1,2}$)[^/\\\s]+$/, ID));

const TYPE = "a type such as dashboard, visualization, lens, search, index-pattern, map, canvas-workpad";
export const typeArgument = v.pipe(v.string(TYPE), v.regex(/^[a-z][a-z0-9_:-]{0,99}$/i, TYPE));

export const bodyArgument = v.looseObject({}, "an object");

export const flagArgument = (words: string) => described(words, v.boolean("true or false"));
