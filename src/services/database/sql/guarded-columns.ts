/**
 * `guardedColumns`: columns of a result, marked where they may hold what comes from a column with the name of a secret, under
 * whatever name. Where it cannot be told, they are marked.
 */
import type { Column, Dialect } from "../connection.ts";
import type { NamedRelation, SecretName } from "./named-relation.ts";
import { firstWord } from "./one-statement.ts";
import { secretIn, secretNames } from "./secret-names.ts";
import { type Item, selectList } from "./select-list.ts";
import { isSymbol, isWord, type Token } from "./tokens.ts";
import { unnamedSecret } from "./unnamed-secret.ts";

/** Statements with other rows than those of tables: plans, settings, what there is. */
const OTHER = /^(?:explain|show|describe|desc|pragma|analyze|call)$/;

export interface GuardedStatement {
  tokens: readonly Token[];
  dialect: Dialect;
  /** That it names, and that the views among them name. */
  relations: readonly NamedRelation[];
}

export function guardedColumns(columns: readonly Column[], statement: GuardedStatement): Column[] {
  const { tokens, dialect, relations } = statement;
  if (OTHER.test(firstWord(tokens))) return [...columns];
  const isSecret = secretNames(relations, dialect);
  const cause = secretIn(read(tokens), isSecret) ?? unnamedSecret(tokens, { ...statement, isSecret });
  const items = selectList(tokens, isSecret);
  const isPlain = plainness(items, columns, tokens, dialect);
  return columns.map((column, at) => {
    const secret = byName(column, isSecret) ?? (isPlain(at) ? undefined : cause);
    return secret === undefined ? column : { ...column, secret };
  });
}

function byName({ name, origin = "" }: Column, isSecret: SecretName): string | undefined {
  return isSecret(name) ?? isSecret(origin);
}

/** PostgreSQL says which columns are those of a table, and only of what it reads that means that nothing else is in them. */
function plainness(
  items: Item[] | "all" | undefined,
  columns: readonly Column[],
  tokens: readonly Token[],
  dialect: Dialect,
): (at: number) => boolean {
  const isReading = ["select", "with", "values", "table"].includes(firstWord(tokens));
  const isFitting = items === "all" || items?.length === columns.length;
  return (at) => {
    const item = isFitting ? (items === "all" ? "column" : items?.[at]) : undefined;
    if (item === "constant") return true;
    const isKnown = columns[at]?.origin !== undefined;
    if (dialect === "postgres") return isKnown && (isReading || item === "column");
    return item === "column";
  };
}

/** Without what is only written: `set password = ...`. */
function read(tokens: readonly Token[]): Token[] {
  if (firstWord(tokens) !== "update") return [...tokens];
  return tokens.filter(
    (_, at) => !(isSymbol(tokens[at + 1], "=") && (isWord(tokens[at - 1], "set") || isSymbol(tokens[at - 1], ","))),
  );
}
