/** `selectList`: what the columns of a statement's result are, by its words: columns of tables, constants, or made of something. */
import type { SecretName } from "./named-relation.ts";
import { isSymbol, isWord, nameOf, type Token } from "./tokens.ts";

/** `constant`: a count or a literal. */
export type Item = "column" | "constant" | "derived";

/** Words that make a statement more than one list of columns from tables. */
const DERIVING = ["select", "union", "intersect", "except", "with", "values", "table", "minus", "procedure"];
const AFTER_LIST = "from where group having window order limit offset fetch for into procedure".split(" ");
const AFTER_FROM = AFTER_LIST.filter((word) => word !== "from");
/** SQLite takes what they are given in a condition, too. */
const TABLE_FUNCTIONS = ["json_each", "json_tree", "jsonb_each", "jsonb_tree"];
const BEFORE_LIST = ["distinct", "distinctrow", "all"];

/** @returns for each column; `all` for `*` alone; undefined where it cannot be told */
export function selectList(tokens: readonly Token[], isSecret: SecretName): Item[] | "all" | undefined {
  const list = listOf(tokens);
  if (list === undefined) return undefined;
  const items = split(list);
  const stars = items.filter((item) => isSymbol(item.at(-1), "*") && (item.length === 1 || isSymbol(item.at(-2), ".")));
  if (stars.length > 0) return items.length === 1 ? "all" : undefined;
  return items.map((item) => kindOf(item, isSecret));
}

/** Of a query that is one SELECT, or behind RETURNING where nothing but values was written. */
function listOf(tokens: readonly Token[]): Token[] | undefined {
  const deriving = tokens.filter((token) => isWord(token, ...DERIVING));
  const [first] = tokens;
  if (isWord(first, "select") && deriving.length === 1) {
    const start = isWord(tokens[1], ...BEFORE_LIST) ? 2 : 1;
    const end = endOfList(tokens, start, AFTER_LIST);
    return hasFunction(tokens.slice(end, endOfList(tokens, end + 1, AFTER_FROM)))
      ? undefined
      : tokens.slice(start, end);
  }
  const at = tokens.findLastIndex((token) => isWord(token, "returning"));
  const isFromValues = deriving.every((token) => isWord(token, "values"));
  return isWord(first, "insert", "delete") && isFromValues && at !== -1 ? tokens.slice(at + 1) : undefined;
}

/** Among tables: its columns are made of what it is given. */
function hasFunction(from: readonly Token[]): boolean {
  return from.some((token, at) => {
    if (isWord(token, ...TABLE_FUNCTIONS)) return true;
    const isTable =
      isWord(from[at - 1], "from", "join") || [",", "(", "."].some((sign) => isSymbol(from[at - 1], sign));
    return isTable && nameOf(token) !== undefined && isSymbol(from[at + 1], "(");
  });
}

function endOfList(tokens: readonly Token[], start: number, after: readonly string[]): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    depth += change(tokens[at]);
    if (depth === 0 && isWord(tokens[at], ...after) && !isSymbol(tokens[at - 1], ".")) return at;
  }
  return tokens.length;
}

function split(list: readonly Token[]): Token[][] {
  const items: Token[][] = [[]];
  let depth = 0;
  for (const token of list) {
    depth += change(token);
    if (depth === 0 && isSymbol(token, ",")) items.push([]);
    else items.at(-1)?.push(token);
  }
  return items;
}

/** `a`, `t.a`; `count(...)`, `1`; each with a name or without. */
function kindOf(item: readonly Token[], isSecret: SecretName): Item {
  const shown = nameOf(item.at(-1)) !== undefined && isWord(item.at(-2), "as") ? item.slice(0, -2) : item;
  if (isWord(shown[0], "count") && isSymbol(shown[1], "(")) {
    return closing(shown, 1) === shown.length - 1 ? "constant" : "derived";
  }
  const [only] = shown;
  if (shown.length === 1 && (only?.kind === "number" || only?.kind === "text")) return "constant";
  const isSecrets = item.some((token) => isSecret(nameOf(token) ?? "") !== undefined);
  const isPath = shown.every((token, at) => (at % 2 === 0 ? nameOf(token) !== undefined : isSymbol(token, ".")));
  return isPath && shown.length % 2 === 1 && !isSecrets ? "column" : "derived";
}

/** @returns -1 where there is none */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    depth += change(tokens[at]);
    if (depth === 0) return at;
  }
  return -1;
}

function change(token: Token | undefined): number {
  return isSymbol(token, "(") ? 1 : isSymbol(token, ")") ? -1 : 0;
}
