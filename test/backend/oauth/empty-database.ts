/** `emptyDatabase`: SQLite in a temporary folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "../../../src/store/database.ts";
import { migrate } from "../../../src/store/migrate.ts";
import { NOW } from "../../store/databases.ts";

export async function emptyDatabase(): Promise<{ database: Database } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "km-oauth-"));
  const database = await openDatabase(`sqlite://${folder}/km.db`);
  await migrate(database, NOW);
  return {
    database,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
