/** Errors of the database: those that a person has to act on, and those that pass. */
import { KmError } from "../errors.ts";

export function storeError(message: string, hint: string, cause?: unknown): KmError {
  return new KmError("CFG_002", message, { hint, cause });
}

/**
 * Whether the database could not do it now, and may later: it is not there, too busy or starting, has no room left, or
 * may only be read because it is being moved.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return codesOf(error).some((code) => UNAVAILABLE.test(code));
}

/**
 * SQLite's names, Bun's for connections, the system's, and PostgreSQL's by their classes (its manual, appendix A): 08
 * connection, 40 rolled back because of others, 53 resources, 55P03 locked, 57 cancelled or shutting down, 58 system, and
 * 25006 read-only.
 */
const UNAVAILABLE =
  /^(?:SQLITE_(?:BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|NOMEM|PROTOCOL)|ERR_POSTGRES_(?:CONNECTION|IDLE|LIFETIME)|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOSPC|(?:08|40|53|57|58)[0-9A-Z]{3}$|25006$|55P03$)/;

/** Whether a row could not be added because one with its key is there. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof Error && codesOf(error).some((code) => DUPLICATE.test(code));
}

const DUPLICATE = /^(?:SQLITE_CONSTRAINT_(?:PRIMARYKEY|UNIQUE)|23505)$/;

/** Bun has PostgreSQL's code in `errno` and one of its own in `code`. */
function codesOf(error: Error): string[] {
  const { code, errno } = error as Error & { code?: unknown; errno?: unknown };
  return [code, errno].filter((one) => typeof one === "string");
}
