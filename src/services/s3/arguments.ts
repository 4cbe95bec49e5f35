/** Arguments that several tools of S3 take. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";

const BUCKET = "the name of a bucket: 3 to 63 lower-case letters, digits, dots and dashes";
const KEY = "a key of at most 1024 bytes";

export const bucketArgument = v.pipe(
  v.string(BUCKET),
  v.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, BUCKET),
  v.check((name) => !name.includes(".."), BUCKET),
);

export const keyArgument = v.pipe(
  v.string(KEY),
  v.nonEmpty(KEY),
  v.check((key) => Buffer.byteLength(key) <= 1024 && key.isWellFormed(), KEY),
);

export const versionArgument = described("Of the object; unless the newest", text("the id of a version", 1024));
