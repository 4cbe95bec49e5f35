/** The service `database` with SQLite, through the built km. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectServe, type ServeClient } from "../serve-client.ts";

const TIMEOUT = 60_000;
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";

describe("database: SQLite", () => {
  let km: ServeClient;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "km-sqlite-"));
    file = join(folder, "shop.db");
    using made = new Database(file);
    made.run("create table orders (id integer primary key, name text unique, total real, data blob)");
    made.run(
      "insert into orders (name, total) select 'n' || value, value * 1.5 from (with recursive t(value) as (select 1 union all select value + 1 from t where value < 1000) select value from t)",
    );
    made.run("insert into orders values (9007199254740993, 'big', 0.1, x'00ff')");
    made.run("create table lines (order_id int references orders (id) on delete cascade, password text)");
    made.run("insert into lines values (1, ?)", [PLANTED]);
    made.run("create virtual table words using fts5(body)");
    made.run("insert into words values ('hello')");
    using other = new Database(join(folder, "other.db"));
    other.run("create table secrets (a)");
    writeFileSync(join(folder, "text.db"), "this is no database, but it is long enough to be read as one".repeat(20));
    km = await connectServe(["database"], {
      settings: `services: {database: {connections: {shop: {url: "sqlite://${file}", timeout: 3s, lock_timeout: 1s}, none: {url: "sqlite://${folder}/none.db"}, text: {url: "sqlite://${folder}/text.db"}}}}`,
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      confirm: () => "accept",
    });
  }, TIMEOUT);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const WRITING = (): string[] => [
    "insert into orders (name) values ('x')",
    "select 1; delete from orders",
    "with x as (select 1) delete from orders returning id",
    "with x as (select 1) insert into orders (name) select 'x' returning id",
    "delete from orders returning id",
    "replace into orders (id) values (1)",
    "create table x (a)",
    "create temp table x (a)",
    "drop table orders",
    `attach '${join(folder, "other.db")}' as other`,
    `attach '${join(folder, "new.db")}' as new`,
    "detach main",
    `vacuum into '${join(folder, "copy.db")}'`,
    "vacuum",
    "pragma writable_schema = 1",
    "pragma main.writable_schema = on",
    "pragma writable_schema(1)",
    "pragma query_only = 0",
    "pragma journal_mode = delete",
    "pragma journal_mode(wal)",
    "pragma user_version = 5",
    "pragma schema_version(7)",
    "pragma wal_checkpoint",
    "pragma optimize",
    "pragma incremental_vacuum",
    'pragma "user_version" = 5',
    "begin",
    "commit",
    "savepoint a",
    "reindex",
    "analyze",
    "insert into words (words) values ('rebuild')",
    `select load_extension('${join(folder, "x.so")}')`,
    "select readfile('/etc/passwd')",
    "select writefile('x', 'y')",
    "select edit('x')",
    "explain delete from orders; delete from orders",
  ];

  test(
    "refused, and nothing is changed: all known ways to write with what only reads",
    async () => {
      const before = readFileSync(file);
      const files = readdirSync(folder);
      for (const sql of WRITING()) {
        const { isError, text } = await km.call("database_query", { connection: "shop", sql });
        expect([sql, isError, text]).toEqual([sql, true, text]);
      }
      expect(readFileSync(file).equals(before)).toBe(true);
      expect(readdirSync(folder)).toEqual(files);
    },
    TIMEOUT,
  );

  test(
    "values, pages, columns of the same name, secrets",
    async () => {
      const rows = async (args: object) =>
        (await km.call("database_query", { connection: "shop", ...args })).data["rows"];
      expect(
        await rows({ sql: "select id, total, data, null from orders where name = ?", parameters: ["big"] }),
      ).toEqual([["9007199254740993", 0.1, String.raw`\x00ff`, null]]);
      expect(await rows({ sql: "select ?1 + 1, ?2, ?3", parameters: [41, "'; drop table orders", null] })).toEqual([
        [42, "'; drop table orders", null],
      ]);
      expect(
        await rows({ sql: "select a.id, b.id from orders a join orders b on b.id = a.id + 1 order by a.id limit 2" }),
      ).toEqual([
        [1, 2],
        [2, 3],
      ]);
      expect(await rows({ sql: "select body from words where words match 'hello'" })).toEqual([["hello"]]);
      expect(await rows({ sql: "pragma table_info(lines)" })).toHaveLength(2);
      const first = await km.call("database_query", {
        connection: "shop",
        sql: "select id from orders order by id",
        limit: 400,
      });
      const more = { sql: "select id from orders order by id", limit: 400, continue: first.data["next"] };
      expect(((await rows(more)) as number[][])[0]).toEqual([401]);
      const masked = await km.call("database_query", { connection: "shop", sql: "select password from lines" });
      expect([masked.isError, JSON.stringify(masked).includes(PLANTED)]).toEqual([false, false]);
      expect(
        await rows({
          sql: "with recursive t(a) as (select 1 union all select a + 1 from t) select a from t",
          limit: 2,
        }),
      ).toEqual([[1], [2]]);
    },
    TIMEOUT,
  );

  test(
    "a statement without end is ended, and the others go on meanwhile",
    async () => {
      const endless = km.call("database_query", {
        connection: "shop",
        sql: "with recursive t(a) as (select 1 union all select a + 1 from t) select count(*) from t",
      });
      expect((await km.call("database_query", { connection: "shop", sql: "select 1" })).isError).toBe(false);
      expect((await endless).text).toContain("has not finished the statement in time, so it was ended there");
    },
    TIMEOUT,
  );

  test(
    "tables, a description, a plan, what adds and what changes",
    async () => {
      expect((await km.call("database_tables", { connection: "shop", search: "orders" })).text).toContain(
        "main.orders",
      );
      const described = await km.call("database_describe", { connection: "shop", table: "lines" });
      expect(described.text).toContain("foreign key (order_id) references orders(id) on delete cascade");
      expect((await km.call("database_search", { connection: "shop", search: "total" })).data["found"]).toEqual([
        { kind: "column", in: "orders", name: "total" },
      ]);
      expect(
        (await km.call("database_explain", { connection: "shop", sql: "select * from orders where id = 1" })).text,
      ).toContain("PRIMARY KEY");
      const before = readFileSync(file);
      const args = { connection: "shop", sql: "delete from orders where id between 991 and ?", parameters: [1000] };
      expect((await km.call("database_modify", { ...args, dry_run: true })).text).toContain("10 rows affected");
      expect(
        (await km.call("database_modify", { connection: "shop", sql: "drop table lines", dry_run: true })).text,
      ).toContain("drops or changes table lines");
      expect(readFileSync(file).equals(before)).toBe(true);
      expect((await km.call("database_modify", args)).data).toMatchObject({ affected: 10 });
      expect(
        (
          await km.call("database_execute", {
            connection: "shop",
            sql: "insert into orders (name) values ('new') returning name",
          })
        ).data,
      ).toMatchObject({ affected: 1, returned: [["new"]] });
      expect((await km.call("database_execute", { connection: "shop", sql: "delete from orders" })).isError).toBe(true);
      for (const sql of [
        `attach '${join(folder, "new.db")}' as x`,
        `vacuum into '${join(folder, "copy.db")}'`,
        "pragma writable_schema = 1",
      ]) {
        expect([sql, (await km.call("database_modify", { connection: "shop", sql })).isError]).toEqual([sql, true]);
      }
      expect(existsSync(join(folder, "copy.db"))).toBe(false);
    },
    TIMEOUT,
  );

  test(
    "no file, no database, and one that another process holds",
    async () => {
      expect((await km.call("database_query", { connection: "none", sql: "select 1" })).text).toContain(
        "SQLITE_CANTOPEN",
      );
      expect(existsSync(join(folder, "none.db"))).toBe(false);
      expect(
        (await km.call("database_query", { connection: "text", sql: "select * from sqlite_schema" })).text,
      ).toContain("SQLITE_NOTADB");
      using other = new Database(file);
      other.run("begin exclusive");
      expect(
        (await km.call("database_execute", { connection: "shop", sql: "insert into orders (name) values ('y')" })).text,
      ).toContain("SQLITE_BUSY");
      other.run("rollback");
    },
    TIMEOUT,
  );
});
