/** `withLock`: one km at a time changes clients' configuration files. */
import { Database } from "bun:sqlite";
import { chmodSync, existsSync } from "node:fs";
import { KmError, messageOf } from "../errors.ts";

const MOST_WAIT_MS = 10_000;
const PAUSE_MS = 10;

/**
 * The lock is SQLite's on an empty database file: the system takes it back the moment its holder ends, however that
 * happens, on all systems alike. No other process can take over a lock that is still held, as with one told by its age.
 *
 * @throws KmError CLT_003 where it cannot be had in time; whatever `action` throws
 */
export async function withLock<T>(file: string, action: () => T): Promise<T> {
  let database: Database | undefined;
  try {
    database = new Database(file, { create: true, readwrite: true });
    chmodSync(file, 0o600); // as all that km writes
    await acquire(database);
  } catch (error) {
    database?.close();
    if (error instanceof KmError) throw error;
    const damage = damageOf(file, error);
    const remedy =
      damage === undefined
        ? "See that this one and its folder are yours to write."
        : "Delete it: nothing is kept in it.";
    throw new KmError(
      "CLT_003",
      `Cannot change configuration files: cannot lock ${file}: ${damage ?? messageOf(error)}`,
      {
        hint: `No file was changed. ${remedy}`,
        cause: error,
      },
    );
  }
  try {
    return action();
  } finally {
    database.close(); // nothing was written: this ends the transaction
  }
}

/** Undefined where the lock itself is as it should be. */
function damageOf(file: string, error: unknown): string | undefined {
  if (existsSync(`${file}/`)) return "it is a folder";
  return hasCode(error, /^SQLITE_(?:NOTADB|CORRUPT)/) ? "it is damaged" : undefined;
}

function hasCode(error: unknown, code: RegExp): boolean {
  return error instanceof Error && "code" in error && code.test(String(error.code));
}

async function acquire(database: Database): Promise<void> {
  const deadline = performance.now() + MOST_WAIT_MS;
  for (;;) {
    try {
      database.run("PRAGMA journal_mode = MEMORY"); // no file beside it
      database.run("BEGIN EXCLUSIVE");
      return;
    } catch (error) {
      if (!hasCode(error, /^SQLITE_BUSY/)) throw error;
      if (performance.now() > deadline) {
        throw new KmError("CLT_003", "Cannot change configuration files: another km is changing them", {
          hint: "Wait for it to end, then run the command again.",
          cause: error,
        });
      }
      await Bun.sleep(PAUSE_MS);
    }
  }
}
