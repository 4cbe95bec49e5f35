/** Runs the same tests against SQLite and PostgreSQL, each test with an empty, migrated database. */
import { describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCustomer } from "../../src/store/customers.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { emptyPostgres, HAS_POSTGRES } from "../fixtures/postgres.ts";

export const NOW = Date.parse("2026-11-21T12:00:00.000Z");

export interface Empty extends AsyncDisposable {
  url: string;
}

/** `fresh` gives an empty database's URL, `ready` an open one with the customers `cus_a` and `cus_b`. */
export function onBoth(
  tests: (fresh: () => Promise<Empty>, ready: () => Promise<{ db: Database } & AsyncDisposable>) => void,
): void {
  for (const [name, fresh] of [
    ["sqlite", emptySqlite],
    ["postgres", emptyOfPostgres],
  ] as const) {
    describe.skipIf(name === "postgres" && !HAS_POSTGRES)(name, () => {
      tests(fresh, async () => {
        const empty = await fresh();
        const db = await openDatabase(empty.url);
        try {
          await migrate(db, NOW);
          for (const id of ["cus_a", "cus_b"]) await createCustomer(db, { id, name: id, tier: "pro" }, NOW);
        } catch (error) {
          await db.close();
          await empty[Symbol.asyncDispose]();
          throw error;
        }
        return {
          db,
          [Symbol.asyncDispose]: async () => {
            await db.close();
            await empty[Symbol.asyncDispose]();
          },
        };
      });
    });
  }
}

export function emptySqlite(): Promise<Empty> {
  const folder = mkdtempSync(join(tmpdir(), "km-store-"));
  return Promise.resolve({
    url: `sqlite://${folder}/km.db`,
    [Symbol.asyncDispose]: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  });
}

async function emptyOfPostgres(): Promise<Empty> {
  return { url: await emptyPostgres(), [Symbol.asyncDispose]: () => Promise.resolve() };
}
