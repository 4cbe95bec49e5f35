/**
 * `ToolHeaders`: which arguments of which tools go into headers too: those that `x-mcp-header` in the tool's input schema
 * says, as the server's own answers to tools/list have it (SEP-2243). No I/O.
 */
import { isObject, memberText } from "../wire/jsonrpc.ts";
import { headerValue } from "./header-value.ts";
import type { Outbound } from "./outbound.ts";

interface Declaration {
  header: string;
  /** Names of members, from the arguments down. */
  path: string[];
}

const ANNOTATION = "x-mcp-header";
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES = new Set<unknown>(["string", "integer", "boolean"]);
/** What stands deeper in a schema is not looked at. */
const MOST_DEPTH = 500;
/** Tools beyond this are sent without such headers. */
const MOST_TOOLS = 20_000;

export class ToolHeaders {
  /** By the tool's name; a text says why its definition may not be used. */
  readonly #tools = new Map<string, Declaration[] | string>();

  /** @param result of an answer to tools/list */
  learn(result: unknown): void {
    const tools: unknown[] = isObject(result) && Array.isArray(result["tools"]) ? result["tools"] : [];
    for (const tool of tools) {
      if (!isObject(tool) || typeof tool["name"] !== "string") continue;
      const declarations = declarationsIn(tool["inputSchema"]);
      if (declarations.length === 0) this.#tools.delete(tool["name"]);
      else if (this.#tools.size < MOST_TOOLS) this.#tools.set(tool["name"], declarations);
    }
  }

  /** Why a call must not be made: the definition of its tool is wrong. */
  invalid(call: Outbound): string | undefined {
    const declarations = this.#of(call);
    return typeof declarations === "string" ? declarations : undefined;
  }

  headers(call: Outbound): Record<string, string> {
    const declarations = this.#of(call);
    const headers: Record<string, string> = {};
    if (declarations === undefined || typeof declarations === "string") return headers;
    for (const { header, path } of declarations) {
      const text = argumentText(call.params?.["arguments"], path, call.line);
      if (text !== undefined) headers[`mcp-param-${header.toLowerCase()}`] = headerValue(text);
    }
    return headers;
  }

  #of({ method, params }: Outbound): Declaration[] | string | undefined {
    const name = method === "tools/call" ? params?.["name"] : undefined;
    return typeof name === "string" ? this.#tools.get(name) : undefined;
  }
}

/** Of a schema where such an annotation stands where it may not, a text that says so. */
function declarationsIn(schema: unknown): Declaration[] | string {
  const found: Declaration[] = [];
  const seen = new Set<string>();
  const wrong = look(schema, [], true, (header, path) => {
    if (seen.has(header.toLowerCase())) return `${header} is declared twice`;
    seen.add(header.toLowerCase());
    found.push({ header, path });
    return undefined;
  });
  return wrong ?? found;
}

/** @param isReachable by names of properties alone, so that it is certain where in the arguments it is */
function look(
  schema: unknown,
  path: string[],
  isReachable: boolean,
  take: (header: string, path: string[]) => string | undefined,
  depth = 0,
): string | undefined {
  if (depth > MOST_DEPTH) return undefined;
  if (Array.isArray(schema)) return first(schema, (one) => look(one, path, false, take, depth + 1));
  if (!isObject(schema)) return undefined;
  if (Object.hasOwn(schema, ANNOTATION)) {
    const header = schema[ANNOTATION];
    const where = path.join(".");
    if (!isReachable || path.length === 0) return `${ANNOTATION} stands where it may not, at ${where || "the top"}`;
    if (typeof header !== "string" || !TOKEN.test(header))
      return `the ${ANNOTATION} of ${where} is no name of a header`;
    if (!TYPES.has(schema["type"])) return `${where} has an ${ANNOTATION} and is no string, integer or boolean`;
    const wrong = take(header, path);
    if (wrong !== undefined) return wrong;
  }
  return first(Object.entries(schema), ([key, part]) => {
    if (DATA.has(key)) return undefined;
    if (key !== "properties" || !isObject(part)) return look(part, path, false, take, depth + 1);
    return first(Object.entries(part), ([name, property]) =>
      look(property, [...path, name], isReachable, take, depth + 1),
    );
  });
}

/** What is no schema, so that the annotation's name in it means nothing. */
const DATA = new Set(["default", "const", "enum", "examples", "example", ANNOTATION]);

function first<T>(items: T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param line the call, for numbers that a parser would round */
function argumentText(argument: unknown, path: string[], line: string): string | undefined {
  let value = argument;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
      return String(value);
    case "number":
      if (Number.isSafeInteger(value)) return String(value);
      return ["params", "arguments", ...path].reduce<string | undefined>(
        (text, name) => (text === undefined ? undefined : memberText(text, name)),
        line,
      );
    default:
      return undefined;
  }
}
