/** `openSqlite`: a SQLite file, each statement in a process of its own that is ended when nobody waits for it any more. */
import * as v from "valibot";
import type { ErrorCode } from "../../../errors.ts";
import { KmError } from "../../../errors.ts";
import { selfCommand } from "../../../self.ts";
import type { Change, Connection, ConnectionLimits, Rows } from "../connection.ts";
import { RETURNED_ROWS } from "../connection.ts";
import { late } from "../postgres/postgres-error.ts";
import { checkReads, oneStatement } from "../sql/one-statement.ts";
import { SQLITE_ANSWER, type SqliteAnswer, type SqliteRequest } from "./request.ts";

/** Of one answer. */
const MOST_BYTES = 64 << 20;
const ALL = 100_000;

export function openSqlite(file: string, label: string, limits: ConnectionLimits): Connection {
  const asked = async (
    request: Pick<SqliteRequest, "mode" | "sql" | "from" | "limit"> & {
      parameters: readonly (string | number | boolean | null)[];
    },
    signal: AbortSignal,
  ): Promise<Exclude<SqliteAnswer, { error: unknown }>> => {
    const whole = { ...request, parameters: [...request.parameters], file, lockMs: limits.lockMs };
    const answer = await answered(whole, label, AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]));
    if ("error" in answer) throw sqliteError(label, answer.error);
    return answer;
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
      // Nothing is open between two statements.
    },
  };
}

async function answered(request: SqliteRequest, label: string, signal: AbortSignal): Promise<SqliteAnswer> {
  if (signal.aborted) throw late(label);
  const child = Bun.spawn([...selfCommand(["__sqlite"]), "--parent", String(process.pid)], {
    stdio: [Buffer.from(JSON.stringify(request)), "pipe", "ignore"],
    windowsHide: true,
  });
  const end = (): void => child.kill("SIGKILL");
  signal.addEventListener("abort", end, { once: true });
  try {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of child.stdout) {
      size += part.length;
      if (size > MOST_BYTES) {
        end();
        throw new KmError("SVC_008", `${label} answered with more than ${MOST_BYTES >> 20} MB`, {
          hint: "Ask for fewer rows, or parts of long values: substr(...).",
        });
      }
      parts.push(part);
    }
    await child.exited;
    if (signal.aborted) throw late(label);
    return answerIn(Buffer.concat(parts).toString(), label);
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}

function answerIn(text: string, label: string): SqliteAnswer {
  try {
    return v.parse(SQLITE_ANSWER, JSON.parse(text));
  } catch (error) {
    throw new KmError("SVC_008", `${label}: what works with it ended without an answer`, {
      hint: "It may have needed more memory than there is: ask for less.",
      cause: error,
    });
  }
}

function sqliteError(label: string, { code, message }: { code: string; message: string }): KmError {
  const hint = HINTS.find(([pattern]) => pattern.test(code))?.[1];
  return new KmError(codeFor(code, message), `${label}: ${message} (${code})`, { ...(hint !== undefined && { hint }) });
}

function codeFor(code: string, message: string): ErrorCode {
  if (/^SQLITE_(?:READONLY|AUTH)/.test(code)) return "SVC_002";
  if (/^SQLITE_(?:CANTOPEN|IOERR|FULL)/.test(code)) return "SVC_003";
  if (/^SQLITE_(?:NOTADB|CORRUPT|NOMEM)/.test(code)) return "SVC_008";
  return message.startsWith("no such ") ? "SVC_006" : "SVC_007";
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_READONLY/, "This only reads. What changes something goes by database_execute or database_modify."],
  [/^SQLITE_CANTOPEN/, "See that the file of the connection is there, and that km may read it."],
  [/^SQLITE_(?:BUSY|LOCKED)/, "Another process writes: try again when it has finished."],
  [/^SQLITE_NOTADB/, "See that the file of the connection is one of SQLite's."],
];
