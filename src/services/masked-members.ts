/**
 * `maskedMembers`: data of a backend as it may stand in a line of text, where its structure can no longer be seen: what has the name of a
 * secret is masked, alone or in a list, and so is what goes with such a name in an object that has it as a value, as variables do.
 */
import { sensitiveName } from "../guard/redaction/names.ts";
import { isMapping } from "../is-mapping.ts";
import { type Mark, plainMark } from "./mark.ts";

/** Members of an object with a `name` that hold what the name stands for. */
const VALUES = new Set(["value", "values", "query", "current", "options", "default", "text"]);
const kindOfName = sensitiveName({});

/** A copy. @param mark what stands in the place of a secret */
export function maskedMembers(value: unknown, mark: Mark = plainMark): unknown {
  if (Array.isArray(value)) return value.map((one) => maskedMembers(one, mark));
  if (!isMapping(value)) return value;
  const called = value["name"];
  const kindOfAll = typeof called === "string" ? kindOfName(called) : undefined;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      if (kindOfAll !== undefined && VALUES.has(name)) return [name, everyText(one, kindOfAll, mark)];
      const kind = kindOfName(name);
      const isAlone = typeof one === "string" || Array.isArray(one);
      return [name, kind !== undefined && isAlone ? everyText(one, kind, mark) : maskedMembers(one, mark)];
    }),
  );
}

function everyText(value: unknown, kind: string, mark: Mark): unknown {
  if (typeof value === "string") return value === "" ? value : mark(kind, value);
  if (Array.isArray(value)) return value.map((one) => everyText(one, kind, mark));
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, everyText(one, kind, mark)]));
}
