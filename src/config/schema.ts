/** What each configuration key may hold. Imports valibot: load this file only when there is a value to check. */
import * as v from "valibot";
import { PLUGIN_NAME, PLUGIN_NAME_WORDS } from "../plugin-name.ts";
import { apiOrigin } from "./api-origin.ts";
import { describe } from "./problem.ts";
import { type Key, KEYS, type PluginConfigurations, type RedactPattern, type ValueOf } from "./keys.ts";
import { parseDuration, parseSize } from "./units.ts";

export type Checked<K extends Key> =
  | { ok: true; value: ValueOf<K> }
  /** `path` leads from the key to the offending part: `[0, "pattern"]`. */
  | { ok: false; path: (string | number)[]; message: string; hint: string };

/** Checks a value as it stands in a file. */
export function checkValue<K extends Key>(key: K, value: unknown): Checked<K> {
  const schema: v.GenericSchema<unknown, ValueOf<K>> = SCHEMAS[key];
  const result = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (result.success) return { ok: true, value: result.output };
  const [issue] = result.issues;
  const path = (issue.path ?? []).map((item) => (typeof item.key === "number" ? item.key : String(item.key)));
  const name = path.reduce<string>((text, part) => text + (typeof part === "number" ? `[${part}]` : `.${part}`), key);
  const last = issue.path?.at(-1);
  // What is wrong may also be the name of a member.
  const found = last === undefined ? value : last.origin === "key" && last.value !== undefined ? last.key : last.value;
  return {
    ok: false,
    path,
    message: found === undefined ? `${name} is missing` : `${name} cannot be ${describe(found)}`,
    hint: `Allowed: ${issue.message}.`,
  };
}

/** For the JSON Schema of it. */
export function schemaOf(key: Key): v.GenericSchema {
  return SCHEMAS[key];
}

/**
 * The value that a text from the command line or the environment stands for, as it would stand in a file. Not checked.
 * A list is given as `a,b` or as `[a, b]`, a mapping as `{ a: b }`.
 */
export function valueFromText(key: Key, text: string): unknown {
  switch (KEYS.get(key)?.kind) {
    case "boolean":
      return (
        new Map<string, unknown>([
          ["true", true],
          ["1", true],
          ["false", false],
          ["0", false],
        ]).get(text) ?? text
      );
    case "size":
      return /^\d+$/.test(text) ? Number(text) : text;
    case "list":
      return listFromText(text);
    case "map":
      return flowFromText(text);
    default:
      return text;
  }
}

function listFromText(text: string): unknown {
  if (text.trimStart().startsWith("[")) return flowFromText(text);
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/**
 * What a text from the command line stands for where anything may stand: a number, `true`, `false`, a list or mapping in
 * brackets, or else a text as it is, also one with a colon.
 */
export function flowFromText(text: string): unknown {
  try {
    const value: unknown = Bun.YAML.parse(text);
    return typeof value !== "object" || /^\s*[[{]/.test(text) ? value : text;
  } catch {
    return text;
  }
}

const API_URL = "an address without a path that begins with https://, or http:// for this machine alone";
const EXPRESSION = "a regular expression of 1 to 1000 characters that does not match the empty text";

const SCHEMAS: { [K in Key]: v.GenericSchema<unknown, ValueOf<K>> } = {
  log_level: v.picklist(["error", "warn", "info", "debug"], "error, warn, info, debug"),
  "api.url": v.pipe(
    v.string(API_URL),
    v.check((text) => text === "" || isApiUrl(text), API_URL),
  ),
  "journal.enabled": v.boolean("true, false"),
  "journal.payloads": v.picklist(["full", "redacted", "metadata", "off"], "full, redacted, metadata, off"),
  // The ends of a cut message take 20 KB themselves; beyond a gigabyte a message no longer fits into one string.
  "journal.max_message": size(32 << 10, 1024 ** 3, "a size from 32kb to 1gb, such as 512kb or 4mb"),
  "journal.segment_size": size(1, 1024 ** 4, "a size of 1 byte to 1tb, such as 64mb"),
  "journal.retention.max_age": duration(1, Number.MAX_SAFE_INTEGER, "a duration with its unit, such as 12h, 30d or 8w"),
  "journal.retention.max_size": size(1, Number.MAX_SAFE_INTEGER, "a size of at least 1 byte, such as 500mb or 5gb"),
  "redact.keys": names(),
  "redact.ignore_keys": names(),
  "redact.patterns": v.pipe(
    v.array(pattern(), "a list of patterns, such as [{ name: ticket, pattern: 'T-[0-9]{6}' }]"),
    v.maxLength(200, "a list of at most 200 patterns"),
  ),
  "redact.allow": v.pipe(
    v.array(
      v.pipe(
        expression(),
        v.check((source) => matchesSomething(source), EXPRESSION),
      ),
      "a list, such as ['^test-']",
    ),
    v.maxLength(200, "a list of at most 200 expressions"),
  ),
  // Longer than that is a server that is never killed.
  "monitor.kill_timeout": duration(0, 3_600_000, "a duration of 0s to 1h with its unit, such as 500ms or 2s"),
  "plugins.enabled": v.boolean("true, false"),
  "plugins.disabled": pluginNames(),
  "plugins.require_sandbox": v.boolean("true, false"),
  "plugins.require_fresh_revocations": v.boolean("true, false"),
  // With less than that no program with a runtime of its own comes up.
  "plugins.memory_limit": size(64 << 20, 1024 ** 4, "a size from 64mb to 1tb, such as 256mb or 1gb"),
  "plugins.intercept": pluginNames(),
  "plugins.intercept_timeout": duration(10, 60_000, "a duration of 10ms to 1m with its unit, such as 250ms or 2s"),
  "plugins.on_timeout": v.picklist(["pass", "block"], "pass, block"),
  "plugins.configuration": pluginConfigurations(),
};

function isApiUrl(text: string): boolean {
  const origin = apiOrigin(text);
  return origin !== undefined && text.replace(/\/$/, "").toLowerCase() === origin;
}

function size(least: number, most: number, allowed: string): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.union([v.string(), v.number()], allowed),
    v.transform((value) => parseSize(String(value))),
    v.number(allowed),
    v.minValue(least, allowed),
    v.maxValue(most, allowed),
  );
}

function duration(least: number, most: number, allowed: string): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.string(allowed),
    v.transform(parseDuration),
    v.number(allowed),
    v.minValue(least, allowed),
    v.maxValue(most, allowed),
  );
}

function names(): v.GenericSchema<unknown, string[]> {
  const item = "a text of 1 to 200 characters, in quotes where YAML would read a number";
  return v.pipe(
    v.array(v.pipe(v.string(item), v.minLength(1, item), v.maxLength(200, item)), "a list, such as [first, second]"),
    v.maxLength(1000, "a list of at most 1000 entries"),
  );
}

function pluginName() {
  const words = `a plugin's name: ${PLUGIN_NAME_WORDS}`;
  return v.pipe(v.string(words), v.regex(PLUGIN_NAME, words));
}

function pluginNames(): v.GenericSchema<unknown, string[]> {
  return v.pipe(
    v.array(pluginName(), "a list of plugins, such as [console-logger]"),
    v.maxLength(1000, "a list of at most 1000 entries"),
  );
}

/** What a plugin's own configuration may be, its manifest says; here it only must be something that JSON can hold. */
function pluginConfigurations(): v.GenericSchema<unknown, PluginConfigurations> {
  const members = "a mapping of what JSON can hold, at most 16 deep and 10000 values in all";
  const allowed = "a mapping by plugin, such as { console-logger: { level: debug } }";
  return v.pipe(
    v.custom<object>((value) => typeof value === "object" && !Array.isArray(value), allowed),
    // null where all members of a plugin are commented out
    v.record(pluginName(), v.nullish(v.custom<Record<string, unknown>>(isSmallMapping, members), {}), allowed),
  );
}

/** Aliases of YAML can make a value endless, or larger than any memory. */
function isSmallMapping(value: unknown): boolean {
  let left = 10_000;
  const fits = (node: unknown, depth: number): boolean => {
    if (depth > 16 || left-- === 0) return false;
    if (typeof node === "number") return Number.isFinite(node);
    if (Array.isArray(node)) return node.every((item) => fits(item, depth + 1));
    if (typeof node !== "object" || node === null) return node !== undefined;
    return Object.entries(node).every(([name, member]) => name !== "__proto__" && fits(member, depth + 1));
  };
  return typeof value === "object" && !Array.isArray(value) && fits(value, 0);
}

function pattern(): v.GenericSchema<unknown, RedactPattern> {
  const name = "a name of 1 to 100 letters, digits, dots, dashes or underscores";
  return v.pipe(
    v.strictObject(
      {
        name: v.pipe(v.string(name), v.regex(/^[\w.-]{1,100}$/, name)),
        pattern: expression(),
        flags: v.exactOptional(v.pipe(v.string("letters of imsuv"), v.regex(/^[imsuv]*$/, "letters of imsuv"))),
      },
      "name, pattern and, if needed, flags",
    ),
    v.forward(
      v.check((entry) => matchesSomething(entry.pattern, entry.flags), EXPRESSION),
      ["pattern"],
    ),
  );
}

function expression() {
  return v.pipe(v.string(EXPRESSION), v.minLength(1, EXPRESSION), v.maxLength(1000, EXPRESSION));
}

function matchesSomething(source: string, flags?: string): boolean {
  try {
    return !new RegExp(source, flags).test("");
  } catch {
    return false; // not a regular expression
  }
}
