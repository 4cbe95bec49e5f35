/** `placeInTemplate`: which variable of a template of URIs is being typed: `{name}`, or `{+name}` for what has slashes. */

export interface TemplatePlace {
  /** As it stands there, up to what is being typed. */
  head: string;
  /** Undefined where `head` is only to be written out. */
  variable: string | undefined;
  /** What there is of it, decoded. */
  value: string;
  /** Variables before it. */
  given: Record<string, string>;
  /** What comes behind it. */
  tail: string;
  isPath: boolean;
}

const VARIABLE = /\{(\+?)([\w.-]+)\}/g;

/** Undefined where the text is of no URI of this template, or where other forms of variables stand. */
export function placeInTemplate(template: string, text: string): TemplatePlace | undefined {
  const given: Record<string, string> = {};
  let head = "";
  let from = 0;
  const variables = Array.from(template.matchAll(VARIABLE));
  for (const [at, { 0: whole, 1: plus, 2: variable = "", index }] of variables.entries()) {
    const literal = template.slice(from, index);
    if (literal.includes("{")) return undefined;
    const rest = text.slice(head.length);
    if (!rest.startsWith(literal)) {
      const isBegun = literal.startsWith(rest);
      return isBegun
        ? { head: head + literal, variable: undefined, value: "", given, tail: "", isPath: false }
        : undefined;
    }
    head += literal;
    from = index + whole.length;
    const tail = template.slice(from, variables[at + 1]?.index ?? template.length);
    const isPath = plus === "+";
    const typed = text.slice(head.length);
    const end = tail === "" || isPath ? -1 : typed.indexOf(tail);
    const value = decoded(end < 0 ? typed : typed.slice(0, end));
    if (value === undefined || (!isPath && value === "" && end === 0)) return undefined;
    if (end < 0) return { head, variable, value, given, tail: tail.includes("{") ? "" : tail, isPath };
    given[variable] = value;
    head += typed.slice(0, end);
  }
  return undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
