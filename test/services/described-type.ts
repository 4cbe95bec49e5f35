/**
 * `typeIn`: a type as TypeScript writes it (`string[]`, `Record<string, Foo>`, `{name?: 'a' | 'b'; [other: string]: unknown}`), for a description
 * that has others by their names; and `problemsIn`: where a value is not of it.
 */
import { isMapping } from "../../src/is-mapping.ts";

/** By their names. */
export type DescribedTypes = Readonly<Record<string, string>>;

type ObjectMembers = Map<string, { isOptional: boolean; type: Type }>;
export type Type =
  | { kind: "unknown" | "string" | "number" | "boolean" | "null" | "never" }
  | { kind: "literal"; value: string }
  | { kind: "array"; of: Type }
  | { kind: "object"; members: ObjectMembers }
  | { kind: "union"; of: Type[] }
  | { kind: "named"; of: () => Type };

const NAMED = new WeakMap<DescribedTypes, Map<string, Type>>();
const TOKEN = /\s*('[^']*'|-?\d+(?:\.\d+)?|[A-Za-z_]\w*|\[\]|[|&(){}<>[\],;:?])/y;

/** @throws Error where it cannot be read: the description is wrong then */
export function typeIn(types: DescribedTypes, text: string): Type {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text);
    if (found === null) throw new Error(`The type ${text} cannot be read`);
    tokens.push(found[1] ?? "");
  }
  let at = 0;
  const takes = (token: string): boolean => tokens[at] === token && ++at > 0;
  const must = (token: string): void => {
    if (!takes(token)) throw new Error(`The type ${text} has ${tokens[at] ?? "no more"} in place of ${token}`);
  };
  const union = (): Type => {
    takes("|");
    const of = [intersection()];
    while (takes("|")) of.push(intersection());
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: "union", of };
  };
  const intersection = (): Type => {
    const of = [postfix()];
    while (takes("&")) of.push(postfix());
    if (of.length === 1 && of[0] !== undefined) return of[0];
    return {
      kind: "named",
      of: once(() => ({ kind: "object", members: new Map(of.flatMap((one) => [...membersIn(one)])) })),
    };
  };
  const postfix = (): Type => {
    let type = single();
    while (takes("[]")) type = { kind: "array", of: type };
    return type;
  };
  const single = (): Type => {
    const token = tokens[at++] ?? "";
    if (token === "(") {
      const inner = union();
      must(")");
      return inner;
    }
    if (token === "{") return inline();
    if (token.startsWith("'")) return { kind: "literal", value: token.slice(1, -1) };
    if (/^-?\d/.test(token)) return { kind: "number" };
    if (token === "true" || token === "false") return { kind: "boolean" };
    if (token === "Record" || token === "Partial") {
      must("<");
      const first = union();
      const last = takes(",") ? union() : first;
      must(">");
      return token === "Partial"
        ? last
        : { kind: "object", members: new Map([["*", { isOptional: true, type: last }]]) };
    }
    switch (token) {
      case "unknown":
      case "string":
      case "number":
      case "boolean":
      case "null":
      case "never":
        return { kind: token };
      default:
        return { kind: "named", of: once(() => named(types, token)) };
    }
  };
  const inline = (): Type => {
    const members: ObjectMembers = new Map();
    while (!takes("}")) {
      let name = tokens[at++] ?? "";
      if (name === "[") {
        while (!takes("]")) at++;
        name = "*";
      }
      const isOptional = takes("?") || name === "*";
      must(":");
      members.set(name.replaceAll("'", ""), { isOptional, type: union() });
      takes(";");
    }
    return { kind: "object", members };
  };
  const type = union();
  if (at < tokens.length) throw new Error(`The type ${text} goes on with ${tokens[at] ?? ""}`);
  return type;
}

function named(types: DescribedTypes, name: string): Type {
  const known = NAMED.get(types) ?? new Map<string, Type>();
  NAMED.set(types, known);
  const found = known.get(name);
  if (found !== undefined) return found;
  const written = types[name];
  if (written === undefined) throw new Error(`The description has no type ${name}`);
  const type = typeIn(types, written);
  known.set(name, type);
  return type;
}

export function membersIn(type: Type): ObjectMembers {
  if (type.kind === "named") return membersIn(type.of());
  return type.kind === "object" ? type.members : new Map();
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** @returns a sentence for each */
export function problemsIn(type: Type, value: unknown, where: string): string[] {
  const isWrong = (what: string): string[] => [
    `${where} is ${JSON.stringify(value)?.slice(0, 100) ?? "missing"} in place of ${what}`,
  ];
  switch (type.kind) {
    case "unknown":
      return [];
    case "never":
      return isWrong("nothing");
    case "null":
      return value === null ? [] : isWrong("null");
    case "literal":
      return value === type.value ? [] : isWrong(`'${type.value}'`);
    case "string":
    case "number":
    case "boolean":
      return typeof value === type.kind ? [] : isWrong(`a ${type.kind}`);
    case "named":
      return problemsIn(type.of(), value, where);
    case "array":
      return Array.isArray(value)
        ? value.flatMap((one, index) => problemsIn(type.of, one, `${where}[${index}]`))
        : isWrong("a list");
    case "union": {
      const each = type.of.map((one) => problemsIn(one, value, where));
      return each.some((one) => one.length === 0)
        ? []
        : (each.sort((a, b) => depthOf(b) - depthOf(a))[0] ?? isWrong("anything"));
    }
    case "object":
      if (!isMapping(value)) return isWrong("an object");
      return [
        ...Object.entries(value).flatMap(([name, one]) => {
          const member = type.members.get(name) ?? type.members.get("*");
          return member === undefined ? [`${where} has ${name}`] : problemsIn(member.type, one, `${where}.${name}`);
        }),
        ...[...type.members]
          .filter(([name, { isOptional }]) => !isOptional && !(name in value))
          .map(([name]) => `${where} has no ${name}`),
      ];
  }
}

/** Of several ways that do not fit, the one that came furthest says most. */
const depthOf = (problems: readonly string[]): number =>
  Math.max(...problems.map((one) => (one.split(" ")[0] ?? "").length));
