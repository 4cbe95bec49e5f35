/**
 * `answerRequest`: one statement on a SQLite file, which is opened for it and closed behind it: nothing is left for the next one. What
 * only reads has a file that was opened read only, and cannot be told otherwise.
 */
import { Database, type SQLQueryBindings, type Statement } from "bun:sqlite";
import * as v from "valibot";
import { messageOf, systemCode } from "../../../errors.ts";
import { bytesCell, numberCell } from "../cells.ts";
import type { Cell, Rows } from "../connection.ts";
import { guardedColumns } from "../sql/guarded-columns.ts";
import type { NamedRelation } from "../sql/named-relation.ts";
import { firstWord, oneStatement } from "../sql/one-statement.ts";
import type { SqliteAnswer, SqliteRequest } from "./request.ts";

/** Of SQLite's own memory. */
const MOST_MEMORY = 512 << 20;

export function answerRequest(request: SqliteRequest): SqliteAnswer {
  try {
    using database = opened(request);
    return request.mode === "read" ? read(database, request) : change(database, request);
  } catch (error) {
    return { error: { code: systemCode(error) ?? "SQLITE_ERROR", message: messageOf(error) } };
  }
}

function opened({ file, mode, lockMs }: SqliteRequest): Database {
  const isReading = mode === "read";
  const database = new Database(file, {
    ...(isReading ? { readonly: true } : { readwrite: true }),
    safeIntegers: true,
  });
  database.run(`pragma busy_timeout = ${lockMs}`);
  database.run(`pragma hard_heap_limit = ${MOST_MEMORY}`);
  if (isReading)
    database.run("pragma query_only = on"); // also for what would be attached
  else database.run("pragma foreign_keys = on");
  return database;
}

function read(database: Database, { sql, parameters, from, limit }: SqliteRequest): SqliteAnswer {
  using statement = database.prepare<Record<string, unknown>, SQLQueryBindings[]>(sql);
  if (!statement.readonly && firstWord(oneStatement(sql, "sqlite")) === "with") {
    return { error: { code: "SQLITE_READONLY", message: "attempt to write a readonly database" } };
  }
  return { rows: guarded(database, sql, rowsOf(database, statement, { sql, parameters, from, limit })), objects: [] };
}

function guarded(database: Database, sql: string, rows: Rows): Rows {
  const tokens = oneStatement(sql, "sqlite");
  const columns = guardedColumns(rows.columns, { tokens, dialect: "sqlite", relations: relationsIn(database) });
  return { ...rows, columns };
}

function relationsIn(database: Database): NamedRelation[] {
  const columns = "(select json_group_array(name) from pragma_table_xinfo(s.name))";
  const sql = `select name, type, sql, ${columns} columns from sqlite_schema s where type in ('table', 'view')`;
  const found = database.query<{ name: string; type: string; sql: string; columns: string }, []>(sql).all();
  return found.map((one) => ({
    name: one.name,
    columns: v.parse(NAMES, JSON.parse(one.columns)),
    definition: one.type === "view" ? queryOf(one.sql) : undefined,
  }));
}

const NAMES = v.array(v.string());

/** What stands behind `create view ... as`; a view with a list of names gives other ones to what its `*` stands for. */
function queryOf(sql: string): string {
  const query = sql.replace(/^[^]*?\bas\b/i, "");
  const isRenamed = sql.slice(0, -query.length).includes("(") && query.includes("*");
  return isRenamed ? `select * from (${query})` : query;
}

interface Wanted {
  sql: string;
  parameters: readonly Cell[];
  from: number;
  limit: number;
}

/** Rows come as objects one by one: columns with the same name are told apart by SQLite itself, around the statement. */
function rowsOf(
  database: Database,
  statement: Statement<Record<string, unknown>, SQLQueryBindings[]>,
  wanted: Wanted,
): Rows {
  const names = statement.columnNames;
  if (new Set(names).size === names.length) return collected(statement, names, wanted);
  using around = database.prepare<Record<string, unknown>, SQLQueryBindings[]>(
    `select * from (\n${wanted.sql.replace(/[;\s]+$/, "")}\n)`,
  );
  return collected(around, names, wanted);
}

function collected(
  statement: Statement<Record<string, unknown>, SQLQueryBindings[]>,
  names: string[],
  { parameters, from, limit }: Wanted,
): Rows {
  const rows: Cell[][] = [];
  let passed = 0;
  let hasMore = false;
  for (const row of statement.iterate(...parameters.map(bind))) {
    if (passed++ < from) continue;
    hasMore = rows.length === limit;
    if (hasMore) break;
    rows.push(Object.values(row).map(cellOf));
  }
  const types = declaredTypes(statement);
  return { columns: names.map((name, at) => ({ name, type: types[at]?.toLowerCase() ?? "" })), rows, hasMore };
}

function declaredTypes(statement: Statement<Record<string, unknown>, SQLQueryBindings[]>): (string | null)[] {
  try {
    return statement.declaredTypes;
  } catch {
    return []; // of a statement that gives no rows
  }
}

function change(database: Database, { sql, parameters, mode, limit }: SqliteRequest): SqliteAnswer {
  const empty: Rows = { columns: [], rows: [], hasMore: false };
  const isOutside = firstWord(oneStatement(sql, "sqlite")) === "vacuum";
  if (isOutside && mode === "try") {
    return { rows: empty, objects: [], untried: "SQLite takes it in no transaction, so it cannot be undone" };
  }
  const before = objectsIn(database);
  if (!isOutside) database.run("begin immediate");
  const countedBefore = totalChanges(database);
  using statement = database.prepare<Record<string, unknown>, SQLQueryBindings[]>(sql);
  const rows = guarded(database, sql, written(statement, parameters, limit));
  const affected = totalChanges(database) - countedBefore;
  const after = objectsIn(database);
  if (!isOutside) database.run(mode === "keep" ? "commit" : "rollback");
  const objects = [
    ...[...before].filter((one) => !after.has(one)).map((one) => `drops or changes ${one}`),
    ...[...after].filter((one) => !before.has(one)).map((one) => `makes ${one}`),
  ];
  return { rows, affected, objects };
}

/** Each row, whether it is shown or not: it is written when it is taken. */
function written(
  statement: Statement<Record<string, unknown>, SQLQueryBindings[]>,
  parameters: readonly Cell[],
  limit: number,
): Rows {
  const names = statement.columnNames;
  if (names.length === 0) {
    statement.run(...parameters.map(bind));
    return { columns: [], rows: [], hasMore: false };
  }
  const rows: Cell[][] = [];
  let count = 0;
  for (const row of statement.iterate(...parameters.map(bind))) {
    if (count++ < limit) rows.push(Object.values(row).map(cellOf));
  }
  return { columns: [...new Set(names)].map((name) => ({ name, type: "" })), rows, hasMore: count > limit };
}

/** Rows that were written since the file was opened, those of triggers too. */
function totalChanges(database: Database): number {
  return Number(database.query<{ n: bigint }, []>("select total_changes() n").get()?.n ?? 0);
}

function objectsIn(database: Database): Set<string> {
  const rows = database
    .query<{ type: string; name: string; sql: string | null }, []>("select type, name, sql from sqlite_schema")
    .all();
  return new Set(rows.map(({ type, name, sql }) => `${type} ${name}${sql === null ? "" : `: ${sql}`}`));
}

function bind(cell: Cell): SQLQueryBindings {
  return typeof cell === "number" && Number.isSafeInteger(cell) ? BigInt(cell) : cell;
}

function cellOf(value: unknown): Cell {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Uint8Array) return bytesCell(value);
  if (typeof value === "number") return numberCell(value);
  return typeof value === "string" ? value : null;
}
