/** `openSqlite`: a SQLite file, in processes of its own. One is ended when nobody waits for its statement any more. */
import * as v from "valibot";
import type { ErrorCode } from "../../../errors.ts";
import { KmError } from "../../../errors.ts";
import { AnsweringProcesses } from "../../processes/answering-processes.ts";
import type { Change, Connection, ConnectionLimits, Rows } from "../connection.ts";
import { RETURNED_ROWS } from "../connection.ts";
import { late } from "../postgres/postgres-error.ts";
import { checkReads, oneStatement } from "../sql/one-statement.ts";
import { type Said, withoutValues } from "../sql/without-values.ts";
import { SQLITE_ANSWER, type SqliteAnswer, type SqliteRequest } from "./request.ts";

const ALL = 100_000;

export function openSqlite(file: string, label: string, limits: ConnectionLimits): Connection {
  const processes = new AnsweringProcesses<SqliteRequest>({
    command: "__sqlite",
    patienceMs: 0, // it hears nothing while it works
    most: limits.pool,
    idleMs: limits.idleSeconds * 1000,
    ended: { who: `${label}: what works with it`, hint: "It may have needed more memory than there is: ask for less." },
  });
  const asked = async (
    request: Pick<SqliteRequest, "mode" | "sql" | "from" | "limit"> & {
      parameters: readonly (string | number | boolean | null)[];
    },
    signal: AbortSignal,
  ): Promise<Exclude<SqliteAnswer, { error: unknown }>> => {
    const whole = { ...request, parameters: [...request.parameters], file, lockMs: limits.lockMs };
    const until = AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]);
    try {
      const answer = v.parse(SQLITE_ANSWER, await processes.ask(whole, { signal: until }));
      if ("error" in answer) throw sqliteError(label, answer.error, whole);
      return answer;
    } catch (error) {
      throw until.aborted && !(error instanceof KmError) ? late(label) : error;
    }
  };
  return {
    dialect: "sqlite",
    label,
    async read({ sql, parameters, from, limit, signal }): Promise<Rows> {
      checkReads(oneStatement(sql, "sqlite"), "sqlite");
      return (await asked({ mode: "read", sql, parameters, from, limit }, signal)).rows;
    },
    async ask({ sql, parameters }, signal) {
      return (await asked({ mode: "read", sql, parameters, from: 0, limit: ALL }, signal)).rows.rows;
    },
    async change({ sql, parameters, isKept, signal }): Promise<Change> {
      oneStatement(sql, "sqlite");
      const mode = isKept ? "keep" : "try";
      const answer = await asked({ mode, sql, parameters, from: 0, limit: RETURNED_ROWS }, signal);
      const { rows, affected, objects, untried } = answer;
      return { affected, returned: rows, objects, ...(untried !== undefined && { untried }) };
    },
    async close() {
      await processes.close();
    },
  };
}

function sqliteError(label: string, { code, message }: { code: string; message: string }, said: Said): KmError {
  const hint = HINTS.find(([pattern]) => pattern.test(code))?.[1];
  return new KmError(codeFor(code, message), `${label}: ${withoutValues(message, said)} (${code})`, {
    ...(hint !== undefined && { hint }),
  });
}

function codeFor(code: string, message: string): ErrorCode {
  if (/^SQLITE_(?:READONLY|AUTH)/.test(code)) return "SVC_002";
  if (/^SQLITE_(?:CANTOPEN|IOERR|FULL)/.test(code)) return "SVC_003";
  if (/^SQLITE_(?:NOTADB|CORRUPT|NOMEM|TOOBIG)/.test(code)) return "SVC_008";
  return message.startsWith("no such ") ? "SVC_006" : "SVC_007";
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_READONLY/, "This only reads. What changes something goes by database_execute or database_modify."],
  [/^SQLITE_CANTOPEN/, "See that the file of the connection is there, and that km may read it."],
  [/^SQLITE_(?:BUSY|LOCKED)/, "Another process writes: try again when it has finished."],
  [/^SQLITE_(?:NOMEM|TOOBIG)/, "Ask for fewer rows, or parts of long values: substr(...)."],
  [/^SQLITE_NOTADB/, "See that the file of the connection is one of SQLite's."],
];
