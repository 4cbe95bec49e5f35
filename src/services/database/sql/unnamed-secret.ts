/**
 * `unnamedSecret`: whether a statement may take a secret's column along without naming it, and give it another name: by `*` within another query,
 * in PostgreSQL by a row as a whole or by other names for all columns of a table, in MariaDB by `procedure analyse()`.
 */
import type { Dialect } from "../connection.ts";
import type { NamedRelation, SecretName } from "./named-relation.ts";
import { closing } from "./select-list.ts";
import { isSymbol, isWord, nameOf, type Token } from "./tokens.ts";

const IN_FROM = ["from", "join", "into", "update", "only", "using"];
const NO_ALIAS =
  "where join left right inner full cross natural on using order group having limit offset fetch for set values union intersect except returning select tablesample window default".split(
    " ",
  );

/** @returns the kind of the secret */
export function unnamedSecret(
  tokens: readonly Token[],
  { relations, dialect, isSecret }: { relations: readonly NamedRelation[]; dialect: Dialect; isSecret: SecretName },
): string | undefined {
  const secrets = new Map<string, string>();
  for (const { name, columns } of relations) {
    const found = columns.map((column) => isSecret(column)).find((kind) => kind !== undefined);
    if (found !== undefined) secrets.set(name.toLowerCase(), found);
  }
  const named = tokens.flatMap((token, at) => {
    const kind = secrets.get(nameOf(token)?.toLowerCase() ?? "");
    return kind === undefined ? [] : [{ at, kind }];
  });
  const [first] = named;
  if (first === undefined) return undefined;
  if (isStarWithin(tokens)) return first.kind;
  if (dialect === "mysql" && tokens.some((token) => isWord(token, "procedure"))) return first.kind;
  if (dialect !== "postgres") return undefined;
  return isRenamed(tokens, named) || hasWholeRow(tokens, named) ? first.kind : undefined;
}

/** `users as u (a, b, c)`; and joins in brackets that have a name, with or without a list. */
function isRenamed(tokens: readonly Token[], named: readonly { at: number }[]): boolean {
  if (named.some(({ at }) => isSymbol(tokens[(aliasAt(tokens, at) ?? tokens.length) + 1], "("))) return true;
  return tokens.some((token, at) => {
    if (!isSymbol(token, "(") || isWord(tokens[at + 1], "select", "with", "values", "table")) return false;
    const end = closing(tokens, at);
    return end !== -1 && tokens.slice(at, end).some((one) => isWord(one, "join")) && aliasAt(tokens, end) !== undefined;
  });
}

/** Where the name stands that a table, or what is in brackets, has in this statement. */
function aliasAt(tokens: readonly Token[], at: number): number | undefined {
  let next = at + 1;
  // `users *` means its children too, `only (users)` that they are left out.
  while (isSymbol(tokens[next], "*") || isSymbol(tokens[next], ")")) next++;
  if (isWord(tokens[next], "as")) return next + 1;
  return nameOf(tokens[next]) === undefined || isWord(tokens[next], ...NO_ALIAS) ? undefined : next;
}

function isStarWithin(tokens: readonly Token[]): boolean {
  const isStar = (token: Token, at: number): boolean =>
    (isSymbol(token, "*") && !(isSymbol(tokens[at - 1], "(") && isSymbol(tokens[at + 1], ")"))) ||
    isWord(token, "table");
  const levels = tokens.filter((token) => isWord(token, "select", "table", "returning"));
  return levels.length > 1 && tokens.some(isStar);
}

/** `select u from users u`, `to_json(u.*)`; a row that stands by itself in the list is a row of columns. */
function hasWholeRow(tokens: readonly Token[], named: readonly { at: number }[]): boolean {
  const places = new Set<number>();
  const rows = new Set<string>();
  for (const { at } of named) {
    const before = tokens[at - 1];
    if (!isWord(before, ...IN_FROM) && !isSymbol(before, ".")) continue;
    places.add(at);
    const alias = aliasAt(tokens, at);
    rows.add(nameOf(tokens[alias ?? at]) ?? "");
    if (alias !== undefined) places.add(alias);
  }
  for (const { at } of named) if (!places.has(at)) rows.add(nameOf(tokens[at]) ?? "");
  let depth = 0;
  return tokens.some((token, at) => {
    depth += isSymbol(token, "(") ? 1 : isSymbol(token, ")") ? -1 : 0;
    if (isSymbol(token, "*") && isSymbol(tokens[at - 1], ".") && (depth > 0 || isSymbol(tokens[at + 1], ":")))
      return true;
    return rows.has(nameOf(token) ?? "\0") && !places.has(at) && !isSymbol(tokens[at + 1], ".");
  });
}
