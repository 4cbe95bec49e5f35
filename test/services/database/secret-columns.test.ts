/** What stands in columns with names of secrets is masked however a statement turns it, and nothing else is: in all three kinds of databases. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyPostgres, HAS_POSTGRES } from "../../fixtures/postgres.ts";
import { connectServe, type ServeClient } from "../serve-client.ts";
import { startMariadb, WHY_NO_MARIADB } from "./mariadb-server.ts";

const TIMEOUT = 120_000;
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";

const SCHEMA = [
  "create table users (id integer primary key, name varchar(50), password varchar(100))",
  `insert into users (id, name, password) values (1, 'ada', '${PLANTED}')`,
  "create table orders (id integer primary key, user_id integer, total integer)",
  "insert into orders (id, user_id, total) values (10, 1, 99)",
  "create view people as select id, name, password as word from users",
  "create view more_people as select p.id, p.word as w2, upper(p.name) as loud from people p",
  "create view plain_people as select id, name from users",
  "create view with_names (a, b) as select name, password from users",
];

/** Each of these has the secret, or a part of it, in a column whose name says nothing. */
const MASKED = [
  "select password as name from users",
  "select u.password name from users u",
  "select upper(password) as a from users",
  "select substr(password, 1, 5) as a from users",
  "select length(password) as a from users",
  "select concat(id, ':', password) as a from users",
  "select case when password like 'P%' then 'yes' else 'no' end as a from users",
  "select max(password) as a from users",
  "select (select password from users) as a",
  "select a.b from (select password as b from users) a",
  "select x.b from (select a.b from (select password as b from users) a) x",
  "with a as (select password as b from users) select b from a",
  "with a (x, y, z) as (select * from users) select z from a",
  "select name from users union all select password from users",
  "select 0, 'b', 'c' union all select * from users",
  "select word from people",
  "select * from people",
  "select word as a from people",
  "select p.word as a from people p join orders o on o.user_id = p.id",
  "select w2 from more_people",
  "select lower(w2) as a from more_people",
  "select * from more_people",
  "select b from with_names",
  "select count(*), max(password) as a from users",
];

/** Nothing of the secret is in these. */
const SHOWN: [sql: string, value: unknown][] = [
  ["select name from users", "ada"],
  ["select u.name as a from users u where u.password is not null", "ada"],
  ["select name as a from users order by password", "ada"],
  ["select count(*) as a from users where password is null", 0],
  ["select count(password) as a from users", 1],
  ["select o.total from users u join orders o on o.user_id = u.id where u.password <> ''", 99],
  ["select upper(name) as a from users", "ADA"],
  ["select sum(o.total) + 1 as a from orders o join users u on u.id = o.user_id", "100"],
  ["select name from plain_people", "ada"],
  ["select name from people", "ada"],
  ["select a from with_names", "ada"],
  ["select o.total from (select total from orders) o", 99],
  ["select upper(p.name) as a from (select name from users) p", "ADA"],
];

interface Kind {
  name: string;
  why: string;
  start(): Promise<AsyncDisposable & { url: string; also?: string[] }>;
}

const KINDS: Kind[] = [
  {
    name: "SQLite",
    why: "",
    start() {
      const folder = mkdtempSync(join(tmpdir(), "km-secret-columns-"));
      using database = new Database(join(folder, "shop.db"));
      for (const statement of SCHEMA) database.run(statement);
      return Promise.resolve({
        url: `sqlite://${join(folder, "shop.db")}`,
        also: ['select "password" as a from users', "select [password] || '' as a from users"],
        [Symbol.asyncDispose]: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
      });
    },
  },
  {
    name: "PostgreSQL",
    why: HAS_POSTGRES ? "" : " (skipped: there is no PostgreSQL for this platform)",
    async start() {
      const url = await emptyPostgres();
      await using admin = new Bun.SQL(url, { max: 1 });
      for (const statement of SCHEMA) await admin.unsafe(statement);
      await admin.unsafe("create materialized view kept as select md5(password) as m from users");
      await admin.unsafe("analyze");
      return {
        url,
        also: [
          "select u as a from users u",
          "select users from users",
          "select u::text as a from users u",
          "select array_agg(u) as a from users u",
          "select to_json(u.*) as a from users u",
          "select value as a from users u, json_each_text(row_to_json(u))",
          "select a from (select * from users) a",
          "select p as a from people p",
          "select m from kept",
          "select distinct on (name) password as a from users",
          "select max(password) over () as a from users",
          "select coalesce(histogram_bounds::text, '') as a from pg_stats where tablename = 'users'",
          "select table_to_xml('users', true, false, '')::text as a",
          "table people",
        ],
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  },
  {
    name: "MariaDB",
    why: WHY_NO_MARIADB,
    async start() {
      const server = await startMariadb();
      const admin = new Bun.SQL(`mariadb://root@127.0.0.1:${server.port}/mysql`, { max: 1 });
      await admin.unsafe("create database shop");
      await admin.unsafe("use shop");
      for (const statement of SCHEMA) await admin.unsafe(statement);
      await admin.close();
      return {
        url: `mariadb://root@127.0.0.1:${server.port}/shop`,
        also: [
          "select `password` as a from shop.users",
          "select sql_no_cache password a from users",
          "select all password a from users",
        ],
        [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
      };
    },
  },
];

describe.each(KINDS)("$name", ({ why, start }) => {
  let server: Awaited<ReturnType<typeof start>>;
  let km: ServeClient;

  beforeAll(async () => {
    if (why !== "") return;
    server = await start();
    km = await connectServe(["database"], {
      settings: JSON.stringify({ services: { database: { url: server.url } } }),
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      confirm: () => "accept",
    });
  }, TIMEOUT);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const query = async (sql: string) => await km.call("database_query", { sql });

  test.skipIf(why !== "")(
    `a secret is masked under any name${why}`,
    async () => {
      const bare: unknown[] = [];
      for (const sql of [...MASKED, ...(server.also ?? [])]) {
        const { text, data, isError } = await query(sql);
        const isMasked = !isError && text.includes("[redacted:") && !/pl4nt|Pl4nt|^yes|^no|^true|^19\b/im.test(text);
        if (!isMasked) bare.push([sql, text, data]);
      }
      expect(bare).toEqual([]);
    },
    TIMEOUT,
  );

  test.skipIf(why !== "")(
    `what has nothing to do with it is shown${why}`,
    async () => {
      const wrong: unknown[] = [];
      for (const [sql, value] of SHOWN) {
        const { data, text } = await query(sql);
        const [[found] = []] = Array.isArray(data["rows"]) ? data["rows"] : [];
        if (String(found) !== String(value)) wrong.push([sql, text]);
      }
      expect(wrong).toEqual([]);
    },
    TIMEOUT,
  );

  test.skipIf(why !== "")(
    `texts of a statement that names it are in no preview and no plan${why}`,
    async () => {
      const sql = `insert into users (id, name, password) values (2, 'eve', '${PLANTED}2')`;
      const preview = await km.call("database_execute", { sql, dry_run: true });
      expect(preview.text).toContain("values (2, '[redacted:password]', '[redacted:password]')");
      const where = `select name from users where password = '${PLANTED}'`;
      const { text, isError } = await km.call("database_explain", { sql: where });
      expect([isError, text.includes(PLANTED)]).toEqual([false, false]);
      const change = await km.call("database_modify", {
        sql: `update users set password = '${PLANTED}3' where id = 1`,
      });
      expect([change.isError, change.text]).toEqual([false, "Done.\n1 row affected"]);
    },
    TIMEOUT,
  );
});
