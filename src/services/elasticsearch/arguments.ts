/** Arguments that several tools of Elasticsearch take. */
import * as v from "valibot";
import { described } from "../../guard/policy/schema-parts.ts";

const NAME = "the name of an index, an alias or a data stream: small letters, no spaces, not beginning with _, - or +";
const PATTERN = "names of indices with *, separated by commas, such as logs-*,-logs-old";
/** Date math too: `<logs-{now/d}>`; and of other clusters: `eu:logs-*`. */
const PART = /^-?(?!\.{1,2}$)(?:_all|(?![_+])[^\s\\/?"|#,A-Z]+)$/;

/** One of them, by its whole name. */
export const indexArgument = v.pipe(
  v.string(NAME),
  v.maxLength(255, NAME),
  v.regex(/^(?!\.{1,2}$)(?![_+-])[^\s\\/?"<>|#,*:A-Z]+$/, NAME),
);

const pattern = v.pipe(
  v.string(PATTERN),
  v.maxLength(2000, PATTERN),
  v.check((text) => text.split(",").every((part) => PART.test(part)), PATTERN),
);

export const indicesArgument = v.pipe(pattern, v.description("logs-*"));

export const anyIndicesArgument = described("logs-*; all unless given", pattern);

/** As a segment of a path. */
export function segment(name: string): string {
  return encodeURIComponent(name);
}

const OBJECT = "an object";

/** Of whatever members. */
export const objectArgument = v.looseObject({}, OBJECT);
