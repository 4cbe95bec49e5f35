/**
 * What a statement leaves in the session of the database is not there for the next one; and a connection that was lost between two calls
 * is replaced without a word. One connection alone, so that all calls would share what is left.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import database from "../../../src/services/database/service.ts";
import { emptyPostgres, HAS_POSTGRES } from "../../fixtures/postgres.ts";
import { type OpenedService, openedService } from "../opened-service.ts";
import { connectServe } from "../serve-client.ts";
import { MARIADB, type MariadbServer, startMariadb, WHY_NO_MARIADB } from "./mariadb-server.ts";

const TIMEOUT = 60_000;

async function rowsOf(service: OpenedService, sql: string): Promise<unknown> {
  const { data } = await service.run("query", { sql });
  return Object(data)["rows"];
}

describe.skipIf(!HAS_POSTGRES)("PostgreSQL", () => {
  let admin: Bun.SQL;
  let service: OpenedService;

  beforeAll(async () => {
    const url = await emptyPostgres();
    admin = new Bun.SQL(url, { max: 1 });
    await admin.unsafe(`
      create table orders (id int, name text);
      create role other;
      create function runs(text) returns int language plpgsql as $$ begin execute $1; return 1; end $$;
      create function locks() returns void language sql stable as $$ select pg_advisory_lock(9) $$;
      create function looks() returns int language plpgsql stable as $$ begin return 1; end $$;`);
    const functions = ["runs", "set_config", "pg_advisory_lock", "pg_advisory_lock_shared"];
    service = await openedService(database, { url, pool: 1, functions });
  }, TIMEOUT * 2);

  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await admin?.unsafe("drop role other");
    await admin?.close({ timeout: 0 });
  });

  const STATE = `
    select current_user::text, session_user::text, current_setting('search_path'), current_setting('work_mem'),
      current_setting('TimeZone'), current_setting('default_transaction_read_only'), current_setting('statement_timeout'),
      current_setting('role'), current_setting('DateStyle'), coalesce(current_setting('km.left', true), ''),
      (select count(*) from pg_prepared_statements), (select count(*) from pg_cursors), (select count(*) from pg_listening_channels()),
      (select count(*) from pg_locks where locktype = 'advisory'), to_regclass('pg_temp.left_over')::text`;

  const LEAVING = [
    "set role other",
    "set session authorization other",
    "set search_path to pg_catalog",
    "set work_mem to '1MB'",
    "set timezone to 'Asia/Tokyo'",
    "set datestyle to 'SQL, DMY'",
    "set statement_timeout to 0",
    "set default_transaction_read_only to off",
    "set km.left to 'here'",
    "prepare left_over as select 1",
    "declare left_over cursor with hold for select 1",
    "listen left_over",
    "create temp table left_over (a int)",
    "select pg_advisory_lock(7)",
  ];

  test.each(LEAVING)(
    "nothing is left by a query that comes to %s",
    async (left) => {
      const before = await rowsOf(service, STATE);
      // What may not be done at all leaves nothing either.
      const ended = await service.run("query", { sql: "select runs($1)", parameters: [left] }).then(
        () => "done",
        (error: unknown) => String(error),
      );
      expect([left, ended]).toEqual([left, expect.stringMatching(/^done$|SQLSTATE/)]);
      expect([left, await rowsOf(service, STATE)]).toEqual([left, before]);
    },
    TIMEOUT,
  );

  test.each(LEAVING)(
    "nothing is left by a change that comes to %s",
    async (left) => {
      const before = await rowsOf(service, STATE);
      const seen = async (): Promise<unknown> => {
        const { data } = await service.run("modify", {
          sql: `insert into orders (name) select row(x.*)::text from (${STATE.replace("'default_transaction_read_only'", "'lock_timeout'")}) x returning name`,
        });
        return Object(data)["returned"];
      };
      const fresh = await seen();
      await service.run("modify", { sql: `do $do$ begin execute $x$${left}$x$; end $do$` }).catch(() => undefined);
      expect([left, await seen(), await rowsOf(service, STATE)]).toEqual([left, fresh, before]);
    },
    TIMEOUT,
  );

  test(
    "what a function that lies about itself leaves is taken away by the reset of the connection",
    async () => {
      const before = [await rowsOf(service, STATE), await rowsOf(service, "select pg_backend_pid()")];
      await service.run("query", { sql: "select locks()" });
      expect([await rowsOf(service, STATE), await rowsOf(service, "select pg_backend_pid()")]).toEqual(before);
    },
    TIMEOUT,
  );

  test(
    "a connection is used again, but not by a change, and not when a function might keep something",
    async () => {
      const pid = async (sql: string): Promise<unknown> => await rowsOf(service, sql);
      const first = await pid("select pg_backend_pid()");
      expect(await pid("select pg_backend_pid()")).toEqual(first);
      expect(await pid("select pg_backend_pid() from (select looks()) x")).toEqual(first);
      const second = await pid("select pg_backend_pid()");
      expect(second).not.toEqual(first);
      await pid("select setseed(0.5)");
      expect(await pid("select pg_backend_pid()")).not.toEqual(second);
      const changed = async (): Promise<unknown> => {
        const sql = "insert into orders (id) values (pg_backend_pid()) returning id";
        return Object((await service.run("modify", { sql })).data)["returned"];
      };
      expect(await changed()).not.toEqual(await changed());
    },
    TIMEOUT,
  );

  test(
    "connections that the server ends between two calls are replaced",
    async () => {
      for (const tool of ["query", "modify", "query", "query"]) {
        await rowsOf(service, "select 1 from orders");
        await admin.unsafe("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'km%'");
        const sql = tool === "query" ? "select name from orders where false" : "update orders set id = 1";
        expect((await service.run(tool, { sql })).data).toBeDefined();
      }
    },
    TIMEOUT,
  );
});

describe.skipIf(MARIADB === null)(`MariaDB${WHY_NO_MARIADB}`, () => {
  let server: MariadbServer;
  let service: OpenedService;

  beforeAll(async () => {
    server = await startMariadb();
    for (const statement of [
      "create database shop",
      "create table shop.orders (id int primary key auto_increment, name varchar(100))",
      "create function shop.sets() returns int reads sql data begin set @from_function = 1; set session sql_mode = 'ANSI_QUOTES'; set session lock_wait_timeout = 99; return 1; end",
      "create function shop.makes() returns int reads sql data begin create temporary table left_over (a int); return 1; end",
    ])
      await server.admin.unsafe(statement);
    const url = `mariadb://root@127.0.0.1:${server.port}/shop`;
    service = await openedService(database, { url, pool: 1, functions: ["get_lock", "makes"] });
  }, TIMEOUT * 2);

  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const STATE = `select @a, @from_function, last_insert_id(), found_rows(), row_count(), @@session.sql_mode,
    @@session.lock_wait_timeout, @@session.time_zone, @@session.tx_read_only, @@session.sql_select_limit, @@session.max_statement_time`;

  test.each([
    "select @a := 5",
    "select @a := name from orders",
    "select last_insert_id(77)",
    "select sql_calc_found_rows * from orders limit 1",
    "select sets()",
    "select makes()",
    "select get_lock('left_over', 0)",
  ])(
    "nothing is left by the query %s",
    async (sql) => {
      const before = await rowsOf(service, STATE);
      await service.run("query", { sql }).catch(() => undefined);
      expect([sql, await rowsOf(service, STATE)]).toEqual([sql, before]);
      // It goes with the connection, which the server ends a moment later.
      for (;;) {
        const [{ held } = { held: null }] = await server.admin.unsafe("select is_used_lock('left_over') held");
        if (held === null) break;
      }
    },
    TIMEOUT,
  );

  test(
    "nothing is left by changes",
    async () => {
      const before = await rowsOf(service, STATE);
      await service.run("execute", { sql: "create temporary table left_over (a int)" });
      expect((await service.errorOf("execute", { sql: "insert into left_over values (1)" })).code).toBe("SVC_006");
      await service.run("execute", { sql: "insert into orders (name) values (@a := 'x')" });
      await service.run("modify", { sql: "do sets()" });
      const { data } = await service.run("execute", {
        sql: "insert into orders (name) values (concat(ifnull(@a, ''), ifnull(@from_function, ''), last_insert_id(), @@sql_mode like '%ANSI%')) returning name",
      });
      expect(Object(data)["returned"]).toEqual([["00"]]);
      expect(await rowsOf(service, STATE)).toEqual(before);
    },
    TIMEOUT,
  );

  test(
    "connections that the server ends between two calls are replaced",
    async () => {
      for (const tool of ["query", "modify", "query", "query"]) {
        await rowsOf(service, "select 1 from orders");
        const others = await server.admin.unsafe("select id from information_schema.processlist where db = 'shop'");
        // One that ends by itself meanwhile is unknown.
        for (const { id } of others) await server.admin.unsafe(`kill ${Number(id)}`).catch(() => undefined);
        const sql = tool === "query" ? "select name from orders where 1 = 0" : "update orders set name = 'a'";
        expect((await service.run(tool, { sql })).data).toBeDefined();
      }
    },
    TIMEOUT,
  );
});

test(
  "SQLite: one process stays, is ended with a statement that is late, when nobody uses it, and with km",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "km-sessions-"));
    try {
      const file = join(folder, "shop.db");
      new Database(file, { create: true }).close();
      const flags = ["--toolsets", "all", "--allow", "write,destructive"];
      const settings = `services: {database: {url: "sqlite://${file}", timeout: 2s, idle: 3s}}`;
      const km = await connectServe(["database"], { settings, flags, confirm: () => "accept" });
      let last: number[] = [];
      try {
        const ok = async (tool: string, sql: string): Promise<void> => {
          const { isError, text } = await km.call(`database_${tool}`, { sql });
          expect([sql, isError, text]).toEqual([sql, false, text]);
        };
        await ok("query", "select 1");
        const first = workers();
        if (process.platform === "linux") expect(first).toHaveLength(1);
        await ok("execute", "create temp table left_over (a int)");
        await ok("query", "select 2");
        expect((await km.call("database_query", { sql: "select * from left_over" })).text).toContain("no such table");
        expect(workers()).toEqual(first);
        const endless = "with recursive t(a) as (select 1 union all select a + 1 from t) select count(*) from t";
        expect((await km.call("database_query", { sql: endless })).text).toContain("has not finished the statement");
        await ok("query", "select 3");
        last = workers();
        if (process.platform === "linux") expect(last).not.toEqual(first);
        while (workers().length > 0) await Bun.sleep(50);
        await ok("query", "select 4");
        last = workers();
      } finally {
        await km[Symbol.asyncDispose]();
      }
      while (last.some(isAlive)) await Bun.sleep(50);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }

    /** Processes for SQLite of a km that this test has started; only Linux tells. */
    function workers(): number[] {
      return process.platform === "linux" ? childrenOf(process.pid, 3) : [];
    }
  },
  TIMEOUT,
);

/** Ids of those that were started for SQLite below a process. */
function childrenOf(parent: number, depth: number): number[] {
  if (depth === 0) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const facts = factsOf(name);
      if (facts?.parent !== parent) return [];
      return [...(facts.isSqlite ? [Number(name)] : []), ...childrenOf(Number(name), depth - 1)];
    });
}

function factsOf(pid: string): { parent: number; isSqlite: boolean } | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(parent), isSqlite: words.includes("__sqlite") };
  } catch {
    return undefined; // it has ended meanwhile
  }
}

function isAlive(pid: number): boolean {
  return factsOf(String(pid))?.isSqlite === true;
}
