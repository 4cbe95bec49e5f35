/** `takeLock`: a lock between processes that the system takes back the moment its holder ends, however that happens. */
import { Database } from "bun:sqlite";
import { chmodSync, existsSync } from "node:fs";
import { messageOf } from "../errors.ts";

const PAUSE_MS = 10;

/** A lock that is held is given back by disposal. */
export type Lock =
  | ({ state: "held" } & Disposable)
  | { state: "busy"; cause: unknown }
  | { state: "unusable"; reason: string; isDamaged: boolean; cause: unknown };

/**
 * It is SQLite's on an empty database file, which works on all systems alike. No other process can take over a lock that
 * is still held, as with one told by its age.
 *
 * @param mostWaitMs after which another holder makes the answer "busy"
 */
export async function takeLock(file: string, mostWaitMs: number): Promise<Lock> {
  let database: Database | undefined;
  try {
    database = new Database(file, { create: true, readwrite: true });
    chmodSync(file, 0o600); // as all that km writes
    const busy = await begin(database, mostWaitMs);
    if (busy === undefined) return held(database);
    database.close();
    return { state: "busy", cause: busy.cause };
  } catch (cause) {
    database?.close();
    const damage = damageOf(file, cause);
    return { state: "unusable", reason: damage ?? messageOf(cause), isDamaged: damage !== undefined, cause };
  }
}

function held(database: Database): Lock {
  // Nothing was written: closing ends the transaction.
  return { state: "held", [Symbol.dispose]: () => database.close() };
}

/** @returns why it cannot be had, if another holds it for that long */
async function begin(database: Database, mostWaitMs: number): Promise<{ cause: unknown } | undefined> {
  const deadline = performance.now() + mostWaitMs;
  for (;;) {
    try {
      database.run("PRAGMA journal_mode = MEMORY"); // no file beside it
      database.run("BEGIN EXCLUSIVE");
      return undefined;
    } catch (cause) {
      if (!hasCode(cause, /^SQLITE_BUSY/)) throw cause;
      if (performance.now() > deadline) return { cause };
      await Bun.sleep(PAUSE_MS);
    }
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
