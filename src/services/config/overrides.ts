/**
 * `withOverrides`: what a variable or a flag says, put in the place of what the file says, and checked like that. A value is read as
 * YAML where the schema takes what that gives, so that lists and numbers can be written; otherwise it is the text as it stands.
 */
import * as v from "valibot";
import { parse } from "yaml";
import { closest } from "../../closest.ts";
import { describe } from "../../config/problem.ts";
import { KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";

export interface Override {
  /** What the user wrote it in: `KM_PROMETHEUS_URL`, `--set`. */
  source: string;
  /** From the top of services.yaml. */
  path: string[];
  value: string | string[];
}

/** @throws KmError CFG_002 or CFG_003, naming the source */
export function withOverrides<S extends v.GenericSchema>(
  written: v.InferOutput<S>,
  schema: S,
  overrides: readonly Override[],
): v.InferOutput<S> {
  // All at once: one alone may be wrong without the others.
  let whole: unknown = written;
  for (const one of overrides) whole = withValue(whole, one.path, valueFor(schema, one));
  const checked = v.safeParse(schema, whole, { abortPipeEarly: true });
  if (checked.success) return checked.output;
  const [issue] = checked.issues;
  const place = (issue.path ?? []).map(({ key }) => String(key));
  const [guilty] = overrides.filter(({ path }) => isWithin(place, path) || isWithin(path, place)).toReversed();
  const source = guilty?.source ?? overrides.map((one) => one.source).join(", ");
  if (issue.expected === "never") {
    const near = closest(place.at(-1) ?? "", issue.message.split(", "));
    const hint = near === undefined ? `There are: ${issue.message}.` : `Did you mean ${near}?`;
    throw new KmError("CFG_003", `${source}: there is no ${place.join(".")}`, { hint });
  }
  const found = issue.path?.at(-1)?.value;
  const isMissing = found === undefined;
  throw new KmError(
    "CFG_002",
    `${source}: ${place.join(".")} ${isMissing ? "is missing" : `cannot be ${shown(found, place)}`}`,
    {
      hint: `Allowed: ${issue.message}.`,
    },
  );
}

/**
 * The variables that begin with `KM_` and a service's name, as overrides: `KM_PROMETHEUS_AUTH_TOKEN` is `auth.token` of
 * prometheus.
 *
 * @param warn told of those that lead to no key
 */
export function overridesIn(
  env: Record<string, string | undefined>,
  configs: ReadonlyMap<string, v.GenericSchema>,
  warn: (text: string) => void,
): Override[] {
  const overrides: Override[] = [];
  for (const [name, config] of configs) {
    const prefix = `KM_${name.toUpperCase()}_`;
    for (const [source, value] of Object.entries(env)) {
      if (!source.startsWith(prefix) || !value) continue;
      const path = pathTo(config, source.slice(prefix.length));
      if (path !== undefined) overrides.push({ source, path: ["services", name, ...path], value });
      else warn(unknownVariable(source, variablesOf(prefix, config)));
    }
  }
  return overrides;
}

/** Nobody looks for a secret in an error. */
function shown(value: unknown, path: readonly string[]): string {
  return path.some((key) => /auth|token|secret|password|key|headers/i.test(key)) ? "that" : describe(value);
}

function valueFor(schema: v.GenericSchema, { path, value }: Override): unknown {
  if (Array.isArray(value)) return value;
  const read = asYaml(value);
  return schemasAt(schema, path).some((one) => v.is(one, read)) ? read : value;
}

/** Of what may stand at the end of the path: several, where the schema leaves it open what stands on the way. */
function schemasAt(schema: v.GenericSchema, [key, ...rest]: readonly string[]): v.GenericSchema[] {
  if (key === undefined) return [schema];
  return membersOf(schema, key).flatMap((member) => schemasAt(member, rest));
}

function membersOf(schema: v.GenericSchema, key: string): v.GenericSchema[] {
  const entry = entriesOf(schema)[key];
  if (entry !== undefined) return [entry];
  return insideOf(schema).flatMap((inner) => (isRecord(schema) ? [inner] : membersOf(inner, key)));
}

function isRecord(schema: v.GenericSchema): boolean {
  return schema.type === "record";
}

/** The values of a record, the options of a union, what an optional one or a pipe is made of. */
function insideOf(schema: v.GenericSchema): v.GenericSchema[] {
  if (isRecord(schema) && "value" in schema) return [schema.value].filter(isSchema);
  if ("wrapped" in schema) return [schema.wrapped].filter(isSchema);
  if ("pipe" in schema && Array.isArray(schema.pipe)) return schema.pipe.slice(0, 1).filter(isSchema);
  return "options" in schema && Array.isArray(schema.options) ? schema.options.filter(isSchema) : [];
}

function entriesOf(schema: v.GenericSchema): Record<string, v.GenericSchema> {
  if ("entries" in schema && isMapping(schema.entries)) {
    return Object.fromEntries(
      Object.entries(schema.entries).flatMap(([key, one]) => (isSchema(one) ? [[key, one]] : [])),
    );
  }
  return isRecord(schema) ? {} : Object.assign({}, ...insideOf(schema).map(entriesOf));
}

function isSchema(value: unknown): value is v.GenericSchema {
  return isMapping(value) && value["kind"] === "schema";
}

function unknownVariable(source: string, known: string[]): string {
  const near = closest(source, known);
  const hint = near === undefined ? `There are: ${known.slice(0, MOST_NAMED).join(", ")}.` : `Did you mean ${near}?`;
  return `The variable ${source} leads to no key of services.yaml and counts for nothing. ${hint}`;
}

const MOST_NAMED = 20;

function variablesOf(prefix: string, schema: v.GenericSchema): string[] {
  return Object.entries(entriesOf(schema)).flatMap(([key, inner]) => {
    const own = `${prefix}${key.toUpperCase()}`;
    const within = variablesOf(`${own}_`, inner);
    return within.length === 0 ? [own] : within;
  });
}

/** @param rest `AUTH_TOKEN` */
function pathTo(schema: v.GenericSchema, rest: string): string[] | undefined {
  for (const [key, inner] of Object.entries(entriesOf(schema))) {
    const word = key.toUpperCase();
    if (rest === word) return [key];
    if (!rest.startsWith(`${word}_`)) continue;
    const inside = pathTo(inner, rest.slice(word.length + 1));
    if (inside !== undefined) return [key, ...inside];
  }
  return undefined;
}

function withValue(node: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value;
  const mapping = isMapping(node) ? node : {};
  return { ...mapping, [key]: withValue(Object.hasOwn(mapping, key) ? mapping[key] : undefined, rest, value) };
}

function isWithin(path: readonly string[], outer: readonly string[]): boolean {
  return outer.every((key, index) => path[index] === key);
}

function asYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}
