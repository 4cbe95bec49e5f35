import { expect, test } from "bun:test";
import { RefusedError } from "../../src/backend/problem.ts";
import { refusing } from "../../src/backend/unavailable.ts";
import { monotonic } from "../../src/process/monotonic.ts";
import { openDatabase } from "../../src/store/database.ts";
import { sql } from "../../src/store/statement.ts";
import { emptyPostgres, HAS_POSTGRES } from "../fixtures/postgres.ts";
import { wayTo } from "../fixtures/way-to.ts";

test.skipIf(!HAS_POSTGRES)(
  "refusing replaces connections whose other end has vanished without a word",
  async () => {
    using way = wayTo(await emptyPostgres());
    const said: string[] = [];
    const reopen = () => openDatabase(way.url);
    const database = refusing(await reopen(), {
      reopen,
      say: (reason) => said.push(reason),
      monotonic,
      patienceMs: 500,
    });
    try {
      way.silence();
      const refused = await database.transaction((tx) => tx.rows(sql`select 1`)).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(RefusedError);
      expect(said).toEqual(["no answer in time"]);
      for (let isBack = false; !isBack;) isBack = await database.ping().then(() => true, isRefused);
    } finally {
      await database.close();
    }
  },
  60_000,
);

function isRefused(error: unknown): false {
  if (error instanceof RefusedError) return false;
  throw error;
}
