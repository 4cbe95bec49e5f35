/**
 * `interpolated`: a query with the values of a dashboard's variables in place of `$name`, `${name}`, `${name:format}` and
 * `[[name]]`, as Grafana's own pages do it. What begins with two underscores, such as `$__interval`, its backend does.
 */
import { isMapping } from "../../is-mapping.ts";
import type { Variable } from "./dashboard-model.ts";

const REFERENCE = /\$\{(\w+)(?:\.[^:}]+)?(?::(\w+))?\}|\[\[(\w+?)(?::(\w+))?\]\]|\$(\w+)/g;
const ALL = "$__all";
const REGEX_SOURCES = new Set(["prometheus", "loki"]);

/** @param given in place of the dashboard's own values */
export function interpolated(
  model: Record<string, unknown>,
  variables: readonly Variable[],
  given: Record<string, string | string[]>,
  sourceType: string,
): Record<string, unknown> {
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return replaced(value, variables, given, sourceType);
    if (Array.isArray(value)) return value.map(walk);
    if (!isMapping(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, walk(one)]));
  };
  return Object.fromEntries(Object.entries(model).map(([name, value]) => [name, walk(value)]));
}

function replaced(
  text: string,
  variables: readonly Variable[],
  given: Record<string, string | string[]>,
  sourceType: string,
): string {
  return text.replace(REFERENCE, (whole: string, ...groups: (string | undefined)[]) => {
    const [braced, bracedFormat, squared, squaredFormat, plain] = groups;
    const name = braced ?? squared ?? plain ?? "";
    if (name.startsWith("__")) return whole;
    const variable = variables.find((one) => one.name === name);
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    if (variable === undefined && own === undefined) return whole;
    const values = own === undefined ? (variable?.value ?? []) : [own].flat();
    const isAll = values.includes(ALL) || values.includes("All");
    if (isAll && variable?.allValue !== undefined) return variable.allValue;
    const meant = isAll ? (variable?.options ?? []).filter((one) => one !== ALL) : values;
    const format = bracedFormat ?? squaredFormat;
    if (isAll && meant.length === 0) return format === undefined && !REGEX_SOURCES.has(sourceType) ? "*" : ".*";
    const isMulti = variable?.isMulti ?? Array.isArray(own);
    return formatted(meant, format ?? defaultFormat(sourceType, isMulti));
  });
}

function defaultFormat(sourceType: string, isMulti: boolean): string {
  if (!isMulti) return "raw";
  return REGEX_SOURCES.has(sourceType) ? "regex" : "glob";
}

function formatted(values: readonly string[], format: string): string {
  const [first = ""] = values;
  switch (format) {
    case "regex":
      return values.length === 1 ? escaped(first) : `(${values.map(escaped).join("|")})`;
    case "pipe":
      return values.join("|");
    case "json":
      return JSON.stringify(values.length === 1 ? first : values);
    case "doublequote":
      return values.map((one) => `"${one.replaceAll('"', '\\"')}"`).join(",");
    case "singlequote":
      return values.map((one) => `'${one.replaceAll("'", "\\'")}'`).join(",");
    case "sqlstring":
      return values.map((one) => `'${one.replaceAll("'", "''")}'`).join(",");
    case "percentencode":
      return encodeURIComponent(values.length === 1 ? first : `{${values.join(",")}}`);
    case "glob":
      return values.length === 1 ? first : `{${values.join(",")}}`;
    default:
      return values.join(",");
  }
}

/** In a text in quotes of PromQL a backslash stands twice. */
function escaped(value: string): string {
  return value.replace(/[\\^$.|?*+()[\]{}]/g, "\\\\$&");
}
