/** What the schema of policies is made of. Each message says what is allowed. Imports valibot. */
import * as v from "valibot";
import { parseDuration, parsePerTime, parseSize } from "../../config/units.ts";
import { isMapping } from "../../is-mapping.ts";

type Any = v.GenericSchema;

/**
 * A union of which the value itself tells the option: so that what is wrong inside of it is said, and not only that none fits.
 *
 * @param pick the index of the option
 */
export function choice<const T extends [Any, ...Any[]]>(options: T, words: string, pick: (value: unknown) => number) {
  const union = v.union(options, words);
  const picked = (value: unknown): Any => options[pick(value)] ?? options[0];
  return { ...union, "~run": (dataset, config) => picked(dataset.value)["~run"](dataset, config) } as typeof union;
}

/** The message about a member that does not exist names those that do; valibot tells only of the first. */
export function mapping<const T extends v.ObjectEntries>(entries: T, words: string) {
  const names = Object.keys(entries);
  const object = v.strictObject(entries, ({ expected }) => (expected === "never" ? names.join(", ") : words));
  const thorough: typeof object = {
    ...object,
    "~run"(dataset, config) {
      const input = dataset.value;
      if (!isMapping(input)) return v.custom<v.InferOutput<typeof object>>(isMapping, words)["~run"](dataset, config);
      const checked = object["~run"](dataset, config);
      const first = checked.issues?.find(({ expected, path }) => expected === "never" && path?.length === 1);
      if (checked.issues === undefined || first === undefined) return checked;
      for (const key of Object.keys(input).filter((name) => !names.includes(name))) {
        if (key === first.path?.[0].key) continue;
        checked.issues.push({ ...first, path: [{ type: "object", origin: "key", input, key, value: input[key] }] });
      }
      return checked;
    },
  };
  return thorough;
}

/** Names to values of one kind. valibot takes lists for mappings. */
export function record<const T extends Any>(value: T, words: string) {
  const values = v.record(v.string(), value, words);
  const mappings: typeof values = {
    ...values,
    "~run"(dataset, config) {
      if (isMapping(dataset.value)) return values["~run"](dataset, config);
      return v.custom<v.InferOutput<typeof values>>(isMapping, words)["~run"](dataset, config);
    },
  };
  return mappings;
}

export function described<const T extends Any>(words: string, schema: T) {
  return v.optional(v.pipe(schema, v.description(words)));
}

export function text(words: string, longest = 1000) {
  return v.pipe(v.string(words), v.nonEmpty(words), v.maxLength(longest, words));
}

export function list<const T extends Any>(item: T, words: string) {
  return v.pipe(v.array(item, words), v.nonEmpty(words), v.maxLength(1000, words));
}

export function textOrList(words: string) {
  return choice([text(words), list(text(words), words)], words, (value) => Number(Array.isArray(value)));
}

export function word<const T extends readonly [string, ...string[]]>(...words: T) {
  return v.picklist(words, words.join(", "));
}

export function wholeNumber(words: string) {
  return v.pipe(v.number(words), v.safeInteger(words), v.minValue(1, words));
}

/** What every reader of JSON takes alike. */
export function number(words: string) {
  const isExact = (value: number): boolean => Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return v.pipe(v.number(words), v.check(isExact, words));
}

export function duration(words: string) {
  return v.pipe(
    v.string(words),
    v.check((value) => {
      const ms = parseDuration(value);
      return ms !== undefined && ms >= 1000 && ms <= 31 * 86_400_000;
    }, words),
  );
}

/** `600/1m` */
export function perTime(words: string) {
  return v.pipe(
    v.string(words),
    v.check((value) => parsePerTime(value) !== undefined, words),
  );
}

export function size(words: string) {
  const either = choice([v.string(words), v.number(words)], words, (value) => Number(typeof value === "number"));
  return v.pipe(
    either,
    v.check((value) => (parseSize(String(value)) ?? 0) >= 1, words),
  );
}
