/**
 * `selectPath`: what stands at a path of an object, written as kubectl's JSONPath has it: `.spec.containers[*].image`,
 * `{.metadata.annotations['example.com/owner']}`, `.status.conditions[?(@.type=="Ready")].status`.
 */
import * as v from "valibot";
import { isMapping } from "../is-mapping.ts";

type Step = { type: "member"; name: string } | { type: "index"; at: number } | { type: "all" } | Filter;
interface Filter {
  type: "filter";
  path: string[];
  value: string;
  isEqual: boolean;
}

const WORDS = 'a path such as .spec.containers[*].image or .status.conditions[?(@.type=="Ready")].status';
const STEP =
  /\.?(?:(?<name>[\w-]+)|\[(?:(?<index>-?\d{1,6})|(?<all>\*)|'(?<single>[^'\]]{1,300})'|"(?<double>[^"\]]{1,300})"|\?\(@\.(?<field>[\w.-]{1,100}) ?(?<operator>==|!=) ?(?:"(?<value>[^"]{0,300})"|'(?<value2>[^']{0,300})'|(?<value3>[\w.-]{1,100}))\))\]|(?<star>\*))/y;
const LONGEST = 1000;

/** As an argument of a tool. */
export function pathArgument(words: string) {
  return v.pipe(
    v.string(WORDS),
    v.maxLength(LONGEST, WORDS),
    v.check((text) => stepsOf(text) !== undefined, WORDS),
    v.description(words),
  );
}

/** Everything that the path leads to, in order; nothing for what is no path. */
export function selectPath(value: unknown, path: string): unknown[] {
  let found = [value];
  for (const step of stepsOf(path) ?? []) found = found.flatMap((one) => taken(one, step));
  return found;
}

/** Undefined for what is no path. The object itself is `.`. */
function stepsOf(path: string): Step[] | undefined {
  const text = path
    .trim()
    .replace(/^\{(.*)\}$/s, "$1")
    .replace(/^\$/, "");
  const steps: Step[] = [];
  if (text === ".") return steps;
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const groups = STEP.exec(text)?.groups;
    if (groups === undefined) return undefined;
    steps.push(stepOf(groups));
  }
  return steps.length === 0 ? undefined : steps;
}

function stepOf(groups: Record<string, string | undefined>): Step {
  const { name, index, single, double, field, operator, value, value2, value3 } = groups;
  if (index !== undefined) return { type: "index", at: Number(index) };
  if (field !== undefined) {
    return {
      type: "filter",
      path: field.split("."),
      value: value ?? value2 ?? value3 ?? "",
      isEqual: operator === "==",
    };
  }
  const member = name ?? single ?? double;
  return member === undefined ? { type: "all" } : { type: "member", name: member };
}

function taken(value: unknown, step: Step): unknown[] {
  switch (step.type) {
    case "member":
      return isMapping(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case "index": {
      const one: unknown = Array.isArray(value) ? value.at(step.at) : undefined;
      return one === undefined ? [] : [one];
    }
    case "all":
      return Array.isArray(value) ? value : isMapping(value) ? Object.values(value) : [];
    case "filter":
      return (Array.isArray(value) ? value : []).filter((one: unknown) => isMet(one, step));
  }
}

function isMet(value: unknown, { path, value: wanted, isEqual }: Filter): boolean {
  let at = value;
  for (const name of path) at = isMapping(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return (typeof at === "string" ? at === wanted : JSON.stringify(at) === wanted) === isEqual;
}
