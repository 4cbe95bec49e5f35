/** `connectPostgres`: a pool of connections to PostgreSQL. */
import type { Client, Connection, Row } from "./connection.ts";
import { Moment, type Statement, type Value } from "./statement.ts";
import { wellFormed } from "./well-formed.ts";

const CONNECTIONS = 10;
/** For statements that are running; afterwards they are cut off. */
const CLOSE_SECONDS = 1;
/** A statement that PostgreSQL has not finished by then is given up: nobody waits for its answer any more. */
const STATEMENT_MS = 30_000;

/** @throws where it does not answer */
export async function connectPostgres(url: string, password: string | undefined): Promise<Client> {
  const address = new URL(url);
  if (password !== undefined) address.password = encodeURIComponent(password);
  const pool = new Bun.SQL(address.href, {
    max: CONNECTIONS,
    connectionTimeout: 10,
    connection: {
      application_name: "kilometers-api",
      statement_timeout: STATEMENT_MS,
      synchronous_commit: "on", // what is acknowledged is on disk, also where the server was told not to wait for it
    },
  });
  try {
    await pool`select 1`;
  } catch (error) {
    await pool.close().catch(() => undefined);
    throw error;
  }
  return {
    ...connectionOf(pool),
    transaction: (action) => transaction(pool, action),
    close: () => pool.close({ timeout: CLOSE_SECONDS }),
  };
}

async function transaction<T>(pool: Bun.SQL, action: (connection: Connection) => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  await pool.begin("read write", async (tx) => {
    result = { value: await action(connectionOf(tx)) };
  });
  if (result === undefined) throw new Error("The transaction ended without its result");
  return result.value;
}

function connectionOf(sql: Bun.SQL): Connection {
  const query = (statement: Statement) => sql<Row[]>(templateOf(statement), ...statement.values.map(bind));
  return {
    rows: async (statement) => [...(await query(statement))],
    run: async (statement) => (await query(statement)).affectedRows,
    script: async (text) => void (await sql.unsafe(text)),
    insert: async ({ name, columns }, rows) => {
      const writer = sql
        .unsafe(`copy ${name} (${columns.join(", ")}) from stdin`)
        .writable()
        .getWriter();
      await writer.write(rows.map((row) => `${row.map(copyText).join("\t")}\n`).join(""));
      await writer.close();
    },
  };
}

/** Every text of a statement was written in a template, see `sql`; Bun takes it for one when `raw` is not enumerable. */
function templateOf({ texts }: Statement): TemplateStringsArray {
  const template = [...texts];
  Object.defineProperty(template, "raw", { value: texts });
  return template as string[] & { raw: readonly string[] };
}

function bind(value: Value): string | number | boolean | Date | null {
  if (typeof value === "string") return wellFormed(value);
  return value instanceof Moment ? new Date(value.ms) : value;
}

/** A value in the text format of COPY. */
function copyText(value: Value): string {
  if (value === null) return "\\N";
  if (value instanceof Moment) return new Date(value.ms).toISOString();
  if (typeof value !== "string") return String(value);
  return wellFormed(value).replace(/[\\\n\r\t]/g, (one) => ESCAPES[one] ?? one);
}

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
