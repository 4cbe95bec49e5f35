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
import { meanwhile } from "../../meanwhile.ts";
import { lookUp } from "../look-up.ts";
import { type BegunSession, begunSession } from "../begun-session.ts";
import { allNames, checkReads, firstWord, oneStatement } from "../sql/one-statement.ts";
import { guardedColumns } from "../sql/guarded-columns.ts";
import type { NamedRelation } from "../sql/named-relation.ts";
import { type Ask, namedRelations } from "../sql/named-relations.ts";
import type { Token } from "../sql/tokens.ts";
import type { Said } from "../sql/without-values.ts";
import { prepared } from "../template.ts";
import { checkFunctions } from "./functions.ts";
import { type Relation, relationChanges, relationsIn } from "./relations.ts";
import { late, postgresErrors, silent } from "./postgres-error.ts";
import { postgresCell, typeName } from "./types.ts";

/** Rows of one answer of the server; it is asked until there are enough. */
const BATCH = 100;
const CURSOR = "declare km_rows no scroll cursor for ";
const OUTSIDE_ONLY = "25001";
const CLOSE_SECONDS = 1;
/** From the first query on a transaction cannot become one that writes. */
const BEGIN = {
  reading: "begin transaction read only; select 1",
  writing: "begin transaction read write",
};

/** @param options where, as whom and with which TLS */
export function openPostgres(
  options: Bun.SQL.PostgresOrMySQLOptions,
  label: string,
  limits: ConnectionLimits,
): Connection {
  const errors = postgresErrors(label);
  const pool = (name: string, isReading: boolean, prepare: boolean): Bun.SQL =>
    new Bun.SQL({
      ...options,
      adapter: "postgres",
      max: limits.pool,
      idleTimeout: limits.idleSeconds,
      prepare, // where it is not, values come as texts, which lose nothing
      connection: {
        application_name: name,
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
  const reading = pool("km (reads)", true, false);
  const writing = pool("km", false, false);
  const catalog = pool("km (catalog)", true, true);
  const looking =
    (signal: AbortSignal): Ask =>
    async (sql, parameters) =>
      await lookUp(catalog, { signal, most: limits.pool }, async (held) => {
        return rowsOf(await held.unsafe<Raw>(sql, parameters).raw()).rows;
      });

  /** In a transaction that is undone unless it is kept. Who comes next has a session as it was, or a new one. */
  async function within<T>(
    isReading: boolean,
    { signal, ...said }: Said & { signal: AbortSignal },
    action: (session: Session) => Promise<{ value: T; isKept: boolean }>,
  ): Promise<T> {
    let begun: BegunSession<Session> | undefined;
    let isDone = false;
    try {
      const pool = isReading ? reading : writing;
      begun = await begunSession(pool, { signal, most: limits.pool }, async (held) => {
        await held.unsafe(BEGIN[isReading ? "reading" : "writing"]);
        return new Session(held, signal);
      });
      const { value, isKept } = await action(begun.session);
      if (isKept) await begun.session.run("commit");
      isDone = true;
      return value;
    } catch (error) {
      if (signal.aborted && !(error instanceof KmError)) throw begun === undefined ? silent(label) : late(label);
      throw errors(error, signal, { ...said, offset: begun?.session.offset ?? 0 });
    } finally {
      if (begun !== undefined) {
        const { held, session } = begun;
        // A statement that is ended late must not meet the next one.
        if (isReading && !signal.aborted && session.leavesNothing) void reset(held);
        else await ended(held, isDone);
      }
    }
  }

  return {
    dialect: "postgres",
    label,
    async read(request) {
      const tokens = oneStatement(request.sql, "postgres");
      checkReads(tokens, "postgres");
      return await within(true, request, async (session) => {
        const look = looking(request.signal);
        session.leavesNothing = await checkFunctions(tokens, limits.functions, false, look);
        const named = meanwhile(namedRelations(tokens, "postgres", look));
        const isPlain = ["show", "explain"].includes(firstWord(tokens));
        const value = isPlain ? await whole(session, request) : await fetched(session, request);
        return { value: await guarded(look, named, tokens, value), isKept: false };
      });
    },
    async ask({ sql, parameters }, signal) {
      return await within(true, { sql, parameters, signal }, async (session) => ({
        value: (await session.rows(sql, parameters)).rows,
        isKept: false,
      }));
    },
    async change(request) {
      const tokens = oneStatement(request.sql, "postgres");
      try {
        return await within(false, request, async (session) => {
          if (request.hasPlainFunctions) {
            await checkFunctions(tokens, limits.functions, true, async (sql, parameters) => {
              return (await session.rows(sql, parameters)).rows;
            });
          }
          return { value: await tried(session, request, tokens), isKept: request.isKept };
        });
      } catch (error) {
        if (!(error instanceof KmError) || !error.message.includes(`SQLSTATE ${OUTSIDE_ONLY}`)) throw error;
        return await outside(request);
      }
    },
    async close() {
      await Promise.all([reading, writing, catalog].map((one) => one.close({ timeout: CLOSE_SECONDS })));
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
      throw errors(error, signal, { sql, parameters });
    } finally {
      await held?.close().catch(() => undefined);
    }
  }
}

/** The connection is taken again only when all of it was done. */
async function reset(held: Bun.ReservedSQL): Promise<void> {
  try {
    await held(prepared("rollback"));
    await held(prepared("discard all"));
    await held.release();
  } catch {
    await held.close().catch(() => undefined);
  }
}

async function ended(held: Bun.ReservedSQL, isDone: boolean): Promise<void> {
  // Its locks are gone with the answer.
  if (!isDone) await held(prepared("rollback")).catch(() => undefined);
  await held.close().catch(() => undefined);
}

/** One connection, as long as it is held. */
class Session {
  /** Of the caller's statement in what the server is sent. */
  offset = 0;
  /** As far as is known, there is nothing in the session that a reset would not take away. */
  leavesNothing = true;
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

async function guarded(ask: Ask, named: Promise<NamedRelation[]>, tokens: readonly Token[], rows: Rows): Promise<Rows> {
  if (rows.columns.length === 0) return rows;
  const found = await withOrigins(ask, rows);
  const relations = await named;
  return { ...found, columns: guardedColumns(found.columns, { tokens, dialect: "postgres", relations }) };
}

/** What columns are called in their tables. */
async function withOrigins(ask: Ask, rows: Rows): Promise<Rows> {
  const places = origins.get(rows.columns) ?? [];
  const tables = [...new Set(places.map(({ table }) => table))].filter((table) => table !== 0);
  if (tables.length === 0) return rows;
  const known = await ask(
    "select attrelid::text, attnum::text, attname::text from pg_catalog.pg_attribute where attrelid = any ($1::oid[])",
    [`{${tables.join(",")}}`],
  );
  const names = new Map(known.map(([table, number, name]) => [`${table} ${number}`, String(name)]));
  const columns = rows.columns.map((column, at) => {
    const origin = names.get(`${places[at]?.table} ${places[at]?.number}`);
    return origin === undefined ? column : { ...column, origin };
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

async function tried(session: Session, { sql, parameters }: ChangeRequest, tokens: readonly Token[]): Promise<Change> {
  const names = allNames(tokens);
  const ask: Ask = async (...asked) => (await session.rows(...asked)).rows;
  const before = await relationsIn(names, ask);
  const result = await session.result(sql, parameters);
  const all = rowsOf(result);
  const returned = { ...all, rows: all.rows.slice(0, RETURNED_ROWS), hasMore: all.rows.length > RETURNED_ROWS };
  const after: Relation[] = await relationsIn(names, ask);
  const counts = /^(?:INSERT|UPDATE|DELETE|MERGE)$/.test(result.command ?? "");
  return {
    affected: counts ? result.affectedRows : undefined,
    returned: await guarded(ask, namedRelations(tokens, "postgres", ask), tokens, returned),
    objects: relationChanges(before, after),
  };
}
