/** `matcher`: one condition on a label, as PromQL and Alertmanager write it: `severity="critical"`, `path=~"/api/.*"`. */
import * as v from "valibot";

export interface Matcher {
  name: string;
  operator: "=" | "!=" | "=~" | "!~";
  value: string;
}

const WORDS = 'matchers such as severity="critical" or path=~"/api/.*"';

/** A list of matchers, as an argument of a tool. */
export function matchersArgument(words: string) {
  const one = v.pipe(
    v.string(WORDS),
    v.check((text) => parseMatcher(text) !== undefined, WORDS),
  );
  return v.pipe(v.array(one, WORDS), v.maxLength(50, WORDS), v.description(words));
}

/** Of texts that an argument's schema has let through. */
export function matchersOf(texts: readonly string[]): Matcher[] {
  return texts.map(parseMatcher).filter((one) => one !== undefined);
}

/** The value may stand without quotes where it has none of their characters. Undefined for what is no matcher. */
export function parseMatcher(text: string): Matcher | undefined {
  const { name, operator, quoted, bare } = MATCHER.exec(text)?.groups ?? {};
  const known = OPERATORS.find((one) => one === operator);
  if (name === undefined || known === undefined) return undefined;
  const value = quoted === undefined ? bare : unquoted(quoted);
  return value === undefined ? undefined : { name, operator: known, value };
}

/** `severity="critical"` */
export function matcherText({ name, operator, value }: Matcher): string {
  return `${name}${operator}${quote(value)}`;
}

/** In double quotes, as PromQL reads it. */
export function quote(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

/**
 * Whether labels meet it; a label that is not there is empty. A pattern must fit the whole value; undefined for one that
 * JavaScript does not read as Go does.
 */
export function meets(labels: Record<string, string>, { name, operator, value }: Matcher): boolean | undefined {
  const own = labels[name] ?? "";
  if (operator === "=" || operator === "!=") return (own === value) === (operator === "=");
  const fits = fitsWhole(own, value);
  return fits === undefined ? undefined : fits === (operator === "=~");
}

const OPERATORS = ["=", "!=", "=~", "!~"] as const;
const MATCHER =
  /^\s*(?<name>[a-zA-Z_]\w*)\s*(?<operator>=~|!~|!=|=)\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^"{}]*?))\s*$/s;

function unquoted(text: string): string {
  return text.replace(/\\(.)/gs, (_, letter: string) => (letter === "n" ? "\n" : letter));
}

/** Go's flags stand at the beginning: `(?i)`. */
function fitsWhole(text: string, pattern: string): boolean | undefined {
  const [, flags = "", rest = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  try {
    return new RegExp(`^(?:${rest})$`, [...new Set(`${flags}s`)].join("")).test(text);
  } catch {
    return undefined;
  }
}
