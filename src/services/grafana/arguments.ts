/** What arguments of several tools may be. */
import * as v from "valibot";
import { choice, described, record, text } from "../../guard/policy/schema-parts.ts";

const UID = "a uid: 1 to 40 letters, digits, dashes and underscores";
const ID = "the number of it";
const TIME = "a time as Grafana has it: now, now-6h, now/d, or milliseconds since 1970";
const OBJECT = "a mapping without masks: what is [redacted:...] cannot be written back, so change the rest by patch";
const POINTER = "a JSON pointer such as /panels/0/title";
const OPERATIONS = 'a list of 1 to 100 such as {"op": "replace", "path": "/title", "value": "Shop"}';
/** What km puts in the place of a secret. */
const MASK = /\[redacted:/;

export const uidText = v.pipe(
  v.string(UID),
  v.check((uid) => /^[\w-]{1,40}$/.test(uid), UID),
);
export const idArgument = v.pipe(v.number(ID), v.safeInteger(ID), v.minValue(0, ID));

export function timeArgument(usual: string) {
  const time = v.pipe(
    v.string(TIME),
    v.check((value) => /^(?:now(?:[-+]\d{1,6}[smhdwMyQ])*(?:\/[smhdwMyQfy]{1,2})?|\d{10,15})$/.test(value), TIME),
  );
  return v.optional(time, usual);
}

export const objectArgument = v.pipe(
  record(v.unknown(), OBJECT),
  v.check((given) => !MASK.test(JSON.stringify(given)), OBJECT),
);

const operation = v.strictObject({
  op: v.picklist(["add", "remove", "replace", "move", "copy", "test"], "add, remove, replace, move, copy, test"),
  path: v.pipe(
    v.string(POINTER),
    v.check((path) => /^(?:\/.*)?$/s.test(path) && path.length <= 1000, POINTER),
  ),
  from: v.optional(
    v.pipe(
      v.string(POINTER),
      v.check((path) => /^(?:\/.*)?$/s.test(path), POINTER),
    ),
  ),
  value: v.optional(
    v.pipe(
      v.unknown(),
      v.check((value) => !MASK.test(JSON.stringify(value) ?? ""), OBJECT),
    ),
  ),
});
export type Operation = v.InferOutput<typeof operation>;

export const patchArgument = described(
  "JSON Patch (RFC 6902)",
  v.pipe(v.array(operation, OPERATIONS), v.nonEmpty(OPERATIONS), v.maxLength(100, OPERATIONS)),
);

const TAGS = "a list of tags";
export const tagsArgument = v.optional(v.pipe(v.array(text("a tag", 100), TAGS), v.maxLength(50, TAGS)));

/** Of a data source: its name or its uid. */
export const datasourceArgument = text("the name or the uid of a data source", 200);

const VALUE = "a text, or a list of texts";
const words = v.pipe(v.string(VALUE), v.maxLength(2000, VALUE));
export const variablesArgument = described(
  "In place of the dashboard's own values",
  record(
    choice([words, v.array(words, VALUE)], VALUE, (value) => Number(Array.isArray(value))),
    "a mapping of names to texts or lists",
  ),
);
