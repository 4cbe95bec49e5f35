/**
 * `openPostgres`: a connection to PostgreSQL. Reading and writing have connections of their own. What only reads is prepared by
 * the server, which takes one statement then, behind a cursor, which takes nothing but queries, in a transaction that is read only
 * before the statement is seen, and is always undone.
 */
import { KmError } from "../../../errors.ts";
import {
  type Cell,
  type Change,
  type ChangeRequest,
  type Connection,
  type ConnectionLimits,
  type ReadRequest,
  RETURNED_ROWS,
  type Rows,
} from "../connection.ts";
import { allNames, checkReads, firstWord, oneStatement } from "../sql/one-statement.ts";
import { prepared } from "../template.ts";
import { checkFunctions } from "./functions.ts";
import { type Relation, relationChanges, relationsIn } from "./relations.ts";
import { late, postgresErrors } from "./postgres-error.ts";
import { postgresCell, typeName } from "./types.ts";

/** Rows of one answer of the server; it is asked until there are enough. */
const BATCH = 100;
const CURSOR = "declare km_rows no scroll cursor for ";
const OUTSIDE_ONLY = "25001";
const CLOSE_SECONDS = 1;

/** @param options where, as whom and with which TLS */
export function openPostgres(
  options: Bun.SQL.PostgresOrMySQLOptions,
  label: string,
  limits: ConnectionLimits,
): Connection {
  const errors = postgresErrors(label);
  const pool = (isReading: boolean): Bun.SQL =>
    new Bun.SQL({
      ...options,
      adapter: "postgres",
      max: limits.pool,
      idleTimeout: limits.idleSeconds,
      prepare: false, // values come as texts then, which lose nothing
      connection: {
        application_name: isReading ? "km (reads)" : "km",
        default_transaction_read_only: isReading ? "on" : "off",
        statement_timeout: limits.timeoutMs,
        lock_timeout: limits.lockMs,
        idle_in_transaction_session_timeout: limits.timeoutMs + 10_000,
        standard_conforming_strings: "on",
        bytea_output: "hex",
        datestyle: "ISO",
        intervalstyle: "postgres",
        extra_float_digits: 1,
      },
    });
  const reading = pool(true);
  const writing = pool(false);

  /** In a transaction that ends with `end`; the connection is as new afterwards. */
  async function within<T>(
    isReading: boolean,
    signal: AbortSignal,
    action: (session: Session) => Promise<{ value: T; isKept: boolean }>,
  ): Promise<T> {
    let held: Bun.ReservedSQL | undefined;
    let session: Session | undefined;
    try {
      held = await (isReading ? reading : writing).reserve({ signal });
      session = new Session(held, signal);
      await session.run(isReading ? "begin transaction read only" : "begin transaction read write");
      let end = "rollback";
      try {
        const { value, isKept } = await action(session);
        if (isKept) await session.run("commit");
        end = isKept ? "" : end;
        return value;
      } finally {
        for (const one of [end, "discard all"]) if (one !== "") await held(prepared(one)).catch(() => undefined);
      }
    } catch (error) {
      if (signal.aborted && !(error instanceof KmError)) throw late(label);
      throw errors(error, signal, session?.offset);
    } finally {
      await held?.release();
    }
  }

  return {
    dialect: "postgres",
    label,
    async read(request) {
      const tokens = oneStatement(request.sql, "postgres");
      checkReads(tokens, "postgres");
      return await within(true, request.signal, async (session) => {
        // From the first query on a transaction cannot become one that writes; this is it at the latest.
        await session.rows("select 1", []);
        await checkFunctions(tokens, limits.functions, false, async (sql, parameters) => {
          return (await session.rows(sql, parameters)).rows;
        });
        const isPlain = ["show", "explain"].includes(firstWord(tokens));
        const value = isPlain ? await whole(session, request) : await fetched(session, request);
        return { value: await withOrigins(session, value), isKept: false };
      });
    },
    async ask({ sql, parameters }, signal) {
      return await within(true, signal, async (session) => ({
        value: (await session.rows(sql, parameters)).rows,
        isKept: false,
      }));
    },
    async change(request) {
      const tokens = oneStatement(request.sql, "postgres");
      const names = allNames(tokens);
      try {
        return await within(false, request.signal, async (session) => {
          if (request.hasPlainFunctions) {
            await checkFunctions(tokens, limits.functions, true, async (sql, parameters) => {
              return (await session.rows(sql, parameters)).rows;
            });
          }
          return { value: await tried(session, request, names), isKept: request.isKept };
        });
      } catch (error) {
        if (!(error instanceof KmError) || !error.message.includes(`SQLSTATE ${OUTSIDE_ONLY}`)) throw error;
        return await outside(request);
      }
    },
    async close() {
      await Promise.all([reading, writing].map((one) => one.close({ timeout: CLOSE_SECONDS })));
    },
  };

  /** What PostgreSQL takes in no transaction: VACUUM, CREATE DATABASE. */
  async function outside({ sql, parameters, isKept, signal }: ChangeRequest): Promise<Change> {
    const nothing = { affected: undefined, returned: { columns: [], rows: [], hasMore: false }, objects: [] };
    if (!isKept) return { ...nothing, untried: "PostgreSQL takes it in no transaction, so it cannot be undone" };
    let held: Bun.ReservedSQL | undefined;
    try {
      held = await writing.reserve({ signal });
      await new Session(held, signal).rows(sql, parameters);
      return nothing;
    } catch (error) {
      throw errors(error, signal);
    } finally {
      await held?.release();
    }
  }
}

/** One connection, as long as it is held. */
class Session {
  /** Of the caller's statement in what the server is sent. */
  offset = 0;
  readonly #sql: Bun.ReservedSQL;
  readonly #signal: AbortSignal;

  constructor(sql: Bun.ReservedSQL, signal: AbortSignal) {
    this.#sql = sql;
    this.#signal = signal;
  }

  async run(sql: string): Promise<void> {
    await this.#sql(prepared(sql));
  }

  /** The server itself ends what is aborted. */
  async result(sql: string, parameters: readonly Cell[]): Promise<Result> {
    this.#signal.throwIfAborted();
    const query = parameters.length === 0 ? this.#sql<Raw>(prepared(sql)) : this.#sql.unsafe<Raw>(sql, [...parameters]);
    const raw = query.raw();
    const cancel = (): void => void raw.cancel();
    this.#signal.addEventListener("abort", cancel, { once: true });
    try {
      return await raw;
    } finally {
      this.#signal.removeEventListener("abort", cancel);
    }
  }

  async rows(sql: string, parameters: readonly Cell[]): Promise<Rows> {
    return rowsOf(await this.result(sql, parameters));
  }
}

type Raw = (Uint8Array | null)[][];
type Result = Raw & Bun.SQL.ResultMetadata;

const origins = new WeakMap<object, { table: number; number: number }[]>();

function rowsOf(result: Result): Rows {
  const found = result.columns ?? [];
  const columns = found.map(({ name, type }) => ({ name, type: typeName(type) }));
  origins.set(
    columns,
    found.map(({ table, number = 0 }) => ({ table: Number(table), number })),
  );
  const rows = result.map((row) => row.map((bytes, at) => postgresCell(bytes, found[at]?.type ?? 0)));
  return { columns, rows, hasMore: false };
}

/** What columns are called in their tables. */
async function withOrigins(session: Session, rows: Rows): Promise<Rows> {
  const places = origins.get(rows.columns) ?? [];
  const tables = [...new Set(places.map(({ table }) => table))].filter((table) => table !== 0);
  if (tables.length === 0) return rows;
  const known = await session.rows(
    "select attrelid::int8, attnum, attname::text from pg_catalog.pg_attribute where attrelid = any ($1::oid[])",
    [`{${tables.join(",")}}`],
  );
  const names = new Map(known.rows.map(([table, number, name]) => [`${table} ${number}`, String(name)]));
  const columns = rows.columns.map((column, at) => {
    const origin = names.get(`${places[at]?.table} ${places[at]?.number}`);
    return origin === undefined || origin === column.name ? column : { ...column, origin };
  });
  return { ...rows, columns };
}

/** What is no query is small: plans and settings. */
async function whole(session: Session, { sql, parameters, from, limit }: ReadRequest): Promise<Rows> {
  const all = await session.rows(sql, parameters);
  return { ...all, rows: all.rows.slice(from, from + limit), hasMore: all.rows.length > from + limit };
}

async function fetched(session: Session, { sql, parameters, from, limit }: ReadRequest): Promise<Rows> {
  session.offset = CURSOR.length;
  await session.rows(CURSOR + sql, parameters);
  if (from > 0) await session.run(`move forward ${from} in km_rows`);
  let all: Rows | undefined;
  while (all === undefined || all.rows.length <= limit) {
    const count = Math.min(BATCH, limit + 1 - (all?.rows.length ?? 0));
    const next = await session.rows(`fetch ${count} from km_rows`, []);
    if (all === undefined) all = next;
    else all.rows.push(...next.rows);
    if (next.rows.length < count) break;
  }
  return { columns: all.columns, rows: all.rows.slice(0, limit), hasMore: all.rows.length > limit };
}

async function tried(session: Session, { sql, parameters }: ChangeRequest, names: string[]): Promise<Change> {
  const before = await relationsIn(names, async (...asked) => (await session.rows(...asked)).rows);
  const result = await session.result(sql, parameters);
  const all = rowsOf(result);
  const returned = { ...all, rows: all.rows.slice(0, RETURNED_ROWS), hasMore: all.rows.length > RETURNED_ROWS };
  const after: Relation[] = await relationsIn(names, async (...asked) => (await session.rows(...asked)).rows);
  const counts = /^(?:INSERT|UPDATE|DELETE|MERGE)$/.test(result.command ?? "");
  return {
    affected: counts ? result.affectedRows : undefined,
    returned: await withOrigins(session, returned),
    objects: relationChanges(before, after),
  };
}
