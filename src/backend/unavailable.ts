/** `refusing`: a database whose outages the caller is told of as such, and not as a mistake of the service. */
import { statSync } from "node:fs";
import { messageOf } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { isUnavailable } from "../store/store-error.ts";
import { problem, RefusedError } from "./problem.ts";

export interface RefusingOptions {
  /** Connections anew, in place of those that went silent. */
  reopen(): Promise<Database>;
  /** Takes what is wrong, now and then. */
  say(reason: string): void;
  monotonic(): number;
  /** Of SQLite. */
  file?: string | undefined;
  /** After which PostgreSQL is taken for silent; SQLite works in this process. */
  patienceMs?: number;
}

const RETRY_SECONDS = "5";
const PATIENCE_MS = 15_000;
/** An outage concerns every request; it is said so often. */
const SAY_EVERY_MS = 10_000;

export function refusing(opened: Database, options: RefusingOptions): Database {
  const { reopen, say, monotonic, file, patienceMs = PATIENCE_MS } = options;
  const openedFile = file && identityOf(file);
  let database = opened;
  let renewing: Promise<void> | undefined;
  let isClosed = false;
  let saidAt = -Infinity;

  async function refuse<T>(action: (database: Database) => Promise<T>): Promise<T> {
    const used = database;
    try {
      const answer = action(used);
      if (file === undefined) return await inTime(answer, patienceMs, () => renew(used));
      const done = await answer;
      if (identityOf(file) !== openedFile) throw gone(file);
      return done;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (monotonic() - saidAt > SAY_EVERY_MS) {
        saidAt = monotonic();
        say(messageOf(error));
      }
      const headers = { "retry-after": RETRY_SECONDS };
      throw new RefusedError(problem("unavailable", "The database cannot do it now", { headers }));
    }
  }

  /** The system notices only after a quarter of an hour that the other end of a connection has vanished. */
  function renew(silent: Database): void {
    if (silent === database && !isClosed) renewing ??= replace(silent).finally(() => (renewing = undefined));
  }

  async function replace(silent: Database): Promise<void> {
    const fresh = await reopen().catch(() => undefined); // not back yet: whoever asks next tries again
    if (fresh === undefined) return;
    database = fresh;
    await silent.close().catch(() => undefined);
  }

  return {
    dialect: opened.dialect,
    rows: (statement) => refuse((now) => now.rows(statement)),
    run: (statement) => refuse((now) => now.run(statement)),
    script: (text) => refuse((now) => now.script(text)),
    insert: (table, rows) => refuse((now) => now.insert(table, rows)),
    transaction: (action) => refuse((now) => now.transaction(action)),
    ping: () => refuse((now) => now.ping()),
    async close() {
      isClosed = true;
      await renewing;
      await database.close();
    },
  };
}

/** SQLite goes on with a file that was deleted or replaced: what it takes in then, nobody will find again. */
function gone(file: string): Error {
  const message = `${file} was deleted or replaced while it was open; to go on with what is there now, start again`;
  return Object.assign(new Error(message), { code: "SQLITE_CANTOPEN" });
}

function identityOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return `${stats?.dev} ${stats?.ino}`;
}

/** What comes later has no effect on the answer; a transaction may still be committed then. */
async function inTime<T>(answer: Promise<T>, patienceMs: number, onSilence: () => void): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
    onSilence();
  }, patienceMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
