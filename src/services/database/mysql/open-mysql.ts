/**
 * `openMysql`: a connection to MySQL or MariaDB. Each call has a session that nobody had before. Each statement is prepared by
 * the server, which takes one then; what only reads does so in a session and a transaction that are read only before it is seen.
 */
import { KmError } from "../../../errors.ts";
import {
  type Cell,
  type Change,
  type ChangeRequest,
  type Connection,
  type ConnectionLimits,
  RETURNED_ROWS,
  type Rows,
} from "../connection.ts";
import { meanwhile } from "../../meanwhile.ts";
import { lookUp } from "../look-up.ts";
import { type BegunSession, begunSession } from "../begun-session.ts";
import { late, silent } from "../postgres/postgres-error.ts";
import { allNames, checkReads, firstWord, oneStatement } from "../sql/one-statement.ts";
import { guardedColumns } from "../sql/guarded-columns.ts";
import type { NamedRelation } from "../sql/named-relation.ts";
import { type Ask, namedRelations } from "../sql/named-relations.ts";
import type { Token } from "../sql/tokens.ts";
import { planWithoutValues, type Said } from "../sql/without-values.ts";
import { prepared } from "../template.ts";
import { mysqlCell, mysqlType } from "./binary-value.ts";
import { checkFunctions, checkLimit, MOST_ROWS } from "./check-statement.ts";
import { mysqlErrors } from "./mysql-error.ts";
import { counted } from "../../../counted.ts";

const CLOSE_SECONDS = 1;
/** Nothing that lets quotes and backslashes mean something else than km takes them for. */
const SQL_MODE = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";
/** They can be undone. */
const TRANSACTIONAL = /^(?:innodb|rocksdb|tokudb|ndbcluster)$/i;
const NO_ROWS: Rows = { columns: [], rows: [], hasMore: false };

type Raw = (Uint8Array | null)[][];
type Result = Raw & Bun.SQL.ResultMetadata;

/** @param options where, as whom and with which TLS */
export function openMysql(
  options: Bun.SQL.PostgresOrMySQLOptions,
  label: string,
  limits: ConnectionLimits,
): Connection {
  const errors = mysqlErrors(label);
  const pool = (): Bun.SQL =>
    new Bun.SQL({ ...options, adapter: "mariadb", max: limits.pool, idleTimeout: limits.idleSeconds, foundRows: true });
  const reading = pool();
  const writing = pool();
  const catalog = pool();
  const looking =
    (signal: AbortSignal): Ask =>
    async (sql, parameters) =>
      await lookUp(
        catalog,
        { signal, most: limits.pool },
        async (held) => rowsOf(await raw(held, sql, parameters)).rows,
      );

  async function within<T>(
    isReading: boolean,
    { signal, mostRows, ...said }: Said & { signal: AbortSignal; mostRows: number },
    action: (session: Session) => Promise<T>,
  ): Promise<T> {
    const pool = isReading ? reading : writing;
    let begun: BegunSession<Session> | undefined;
    try {
      begun = await begunSession(
        pool,
        { signal, most: limits.pool },
        async (held) => await Session.begin(held, { isReading, signal, limits, mostRows, kill }),
      );
      return await action(begun.session);
    } catch (error) {
      if (signal.aborted && !(error instanceof KmError)) throw begun === undefined ? silent(label) : late(label);
      throw errors(error, signal, said);
    } finally {
      if (begun !== undefined) {
        if (!isReading) await begun.session.end();
        void renewed(pool, begun.held);
      }
    }
  }

  /** The driver cannot tell the server by itself. */
  async function kill(id: string): Promise<void> {
    const other = new Bun.SQL({ ...options, adapter: "mariadb", max: 1 });
    await other.unsafe(`kill query ${BigInt(id)}`).catch(() => undefined);
    await other.close({ timeout: CLOSE_SECONDS });
  }

  return {
    dialect: "mysql",
    label,
    async read({ sql, parameters, from, limit, signal }) {
      const tokens = oneStatement(sql, "mysql");
      checkReads(tokens, "mysql");
      checkLimit(tokens);
      if (from + limit >= MOST_ROWS) {
        throw new KmError("SVC_001", `Only the first ${MOST_ROWS} rows can be shown`, {
          hint: "Ask for what follows by a condition: where id > ...",
        });
      }
      return await within(true, { sql, parameters, signal, mostRows: from + limit + 1 }, async (session) => {
        const look = looking(signal);
        await checkFunctions(tokens, limits.functions, look);
        const named = meanwhile(namedRelations(tokens, "mysql", look));
        await session.run("start transaction read only");
        const all = await guarded(named, tokens, rowsOf(await session.result(sql, parameters)));
        const rows = plain(tokens, all.rows.slice(from, from + limit), { sql, parameters });
        return { columns: all.columns, rows, hasMore: all.rows.length > from + limit };
      });
    },
    async ask({ sql, parameters }, signal) {
      return await within(true, { sql, parameters, signal, mostRows: MOST_ROWS }, async (session) => {
        await session.run("start transaction read only");
        return await session.values(sql, [...parameters]);
      });
    },
    async change(request) {
      const tokens = oneStatement(request.sql, "mysql");
      return await within(false, { ...request, mostRows: MOST_ROWS }, async (session) => {
        if (request.hasPlainFunctions) {
          await checkFunctions(tokens, limits.functions, (...asked) => session.values(...asked));
        }
        const tables = await tablesNamed(session, allNames(tokens));
        const kept = tables.filter(({ isUndone }) => !isUndone).map(({ name }) => name);
        const isRows = /^(?:insert|update|delete|replace|with)$/.test(firstWord(tokens));
        const isUndone = isRows && kept.length === 0;
        const described = tables.map(({ text }) => (isRows ? `table ${text}` : `names table ${text}`));
        const objects = isUndone ? [] : described;
        if (!request.isKept && !isUndone) {
          const why = isRows
            ? `what is done to ${kept.join(", ")}, or its triggers do, cannot be undone`
            : "a statement of its kind cannot be undone";
          return { affected: undefined, returned: NO_ROWS, objects, untried: why };
        }
        await session.run("start transaction");
        return { ...(await done(session, request, tokens)), objects: request.isKept ? [] : objects };
      });
    },
    async close() {
      await Promise.all([reading, writing, catalog].map((one) => one.close({ timeout: CLOSE_SECONDS })));
    },
  };
}

/** Rows; of a plan, in which the server writes values of tables with one row as constants, without these. */
function plain(tokens: readonly Token[], rows: Cell[][], said: Said): Cell[][] {
  if (!/^(?:explain|analyze|describe|desc)$/.test(firstWord(tokens))) return rows;
  return rows.map((row) => row.map((cell) => (typeof cell === "string" ? planWithoutValues(cell, said) : cell)));
}

async function guarded(named: Promise<NamedRelation[]>, tokens: readonly Token[], rows: Rows): Promise<Rows> {
  if (rows.columns.length === 0) return rows;
  const relations = await named;
  return { ...rows, columns: guardedColumns(rows.columns, { tokens, dialect: "mysql", relations }) };
}

async function done(
  session: Session,
  { sql, parameters, isKept }: ChangeRequest,
  tokens: readonly Token[],
): Promise<Omit<Change, "objects">> {
  const result = await session.result(sql, parameters);
  const named = namedRelations(tokens, "mysql", (...asked) => session.values(...asked));
  const all = await guarded(named, tokens, rowsOf(result));
  if (isKept) await session.run("commit");
  const returned = { ...all, rows: all.rows.slice(0, RETURNED_ROWS), hasMore: all.rows.length > RETURNED_ROWS };
  return { affected: result.affectedRows, returned };
}

interface NamedTable {
  name: string;
  isUndone: boolean;
  text: string;
}

const TABLES = `
  select concat(t.table_schema, '.', t.table_name), t.engine, t.table_rows, t.data_length + t.index_length,
    (select count(*) from information_schema.triggers g
      where g.event_object_schema = t.table_schema and g.event_object_table = t.table_name)
  from information_schema.tables t
  where t.table_type = 'BASE TABLE' and (t.table_schema = database() or t.table_schema in MARKS)
    and t.table_name in MARKS`;

async function tablesNamed(session: Session, names: readonly string[]): Promise<NamedTable[]> {
  const sql = TABLES.replaceAll("MARKS", `(${names.map(() => "?").join(", ")})`);
  const rows = await session.values(sql, [...names, ...names]);
  return rows.map(([name, engine, count, bytes, triggers]) => ({
    name: String(name),
    isUndone: TRANSACTIONAL.test(String(engine)) && Number(triggers) === 0,
    text: `${String(name)} (${String(engine)}, about ${counted(Number(count), "row")}, ${Math.ceil(Number(bytes) / 1024)} KB)`,
  }));
}

function rowsOf(result: Result): Rows {
  const found = result.columns ?? [];
  const columns = found.map((column) => ({ name: column.name, type: mysqlType(column) }));
  const rows = result.map((row) => row.map((bytes, at) => mysqlCell(bytes, found[at] ?? { type: 253 })));
  return { columns, rows, hasMore: false };
}

interface SessionOptions {
  isReading: boolean;
  signal: AbortSignal;
  limits: ConnectionLimits;
  mostRows: number;
  kill: (id: string) => Promise<void>;
}

/** One connection, as long as it is held. */
class Session {
  readonly #sql: Bun.ReservedSQL;
  readonly #options: SessionOptions;
  readonly #id: string;

  private constructor(sql: Bun.ReservedSQL, options: SessionOptions, id: string) {
    this.#sql = sql;
    this.#options = options;
    this.#id = id;
  }

  static async begin(sql: Bun.ReservedSQL, options: SessionOptions): Promise<Session> {
    const { isReading, limits, mostRows } = options;
    const [[id, version] = []] = rowsOf(await raw(sql, "select connection_id(), version()")).rows;
    const lockSeconds = Math.max(1, Math.ceil(limits.lockMs / 1000));
    const time = String(version).includes("MariaDB")
      ? `max_statement_time = ${limits.timeoutMs / 1000}`
      : `max_execution_time = ${limits.timeoutMs}`;
    await raw(
      sql,
      `set session sql_mode = '${SQL_MODE}', ${time}, innodb_lock_wait_timeout = ${lockSeconds}, lock_wait_timeout = ${lockSeconds}, sql_select_limit = ${isReading ? mostRows : "default"}`,
    );
    await raw(sql, `set session transaction read ${isReading ? "only" : "write"}`);
    return new Session(sql, options, String(id));
  }

  async run(sql: string): Promise<void> {
    await raw(this.#sql, sql);
  }

  /** Where nobody waits any more, the server is told to end it, and this waits until it has. */
  async result(sql: string, parameters: readonly Cell[]): Promise<Result> {
    const { signal, kill } = this.#options;
    signal.throwIfAborted();
    let killed: Promise<void> | undefined;
    const stop = (): void => void (killed = kill(this.#id));
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await raw(this.#sql, sql, parameters);
    } finally {
      signal.removeEventListener("abort", stop);
      await killed; // it must not meet the next statement
    }
  }

  async values(sql: string, parameters: Cell[]): Promise<Cell[][]> {
    return rowsOf(await this.result(sql, parameters)).rows;
  }

  /** Its locks are gone with the answer. */
  async end(): Promise<void> {
    await raw(this.#sql, "rollback").catch(() => undefined);
  }
}

/**
 * No statement of these servers takes away what others have left in a session: variables, LAST_INSERT_ID(), FOUND_ROWS(), what
 * functions have set. So each session is of one call alone, and the next one is made ready while nobody waits for it.
 */
async function renewed(pool: Bun.SQL, used: Bun.ReservedSQL): Promise<void> {
  try {
    await used.close();
    const next = await pool.reserve();
    await next.release();
  } catch {
    // Whoever wants one is told why there is none.
  }
}

async function raw(sql: Bun.SQL, text: string, parameters: readonly Cell[] = []): Promise<Result> {
  if (parameters.length > 0) return await sql.unsafe<Raw>(text, [...parameters]).raw();
  return await sql<Raw>(prepared(text)).raw();
}
