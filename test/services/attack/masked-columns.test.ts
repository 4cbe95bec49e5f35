/**
 * Ways round the masking of a secret's columns: new names that no list of a statement gives, functions that stand where tables do, what the
 * server keeps or says besides: its errors, its plans, its statistics, its session.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyPostgres, HAS_POSTGRES } from "../../fixtures/postgres.ts";
import { startMariadb, WHY_NO_MARIADB } from "../database/mariadb-server.ts";
import { connectServe, type ServeClient } from "../serve-client.ts";

const TIMEOUT = 120_000;
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
const PART = /pl4nt3d/i;

const SCHEMA = [
  "create table users (id integer primary key, name varchar(50) not null, password varchar(100))",
  `insert into users (id, name, password) values (1, 'ada', '${PLANTED}')`,
  "create table orders (id integer primary key, user_id integer, note varchar(100), check (id > 0))",
  "insert into orders (id, user_id, note) values (10, 1, 'a note')",
  "create view starred (a, b, c) as select * from users",
];

type Step = [tool: "query" | "explain" | "execute" | "modify", sql: string];

const FOR_ALL: Step[] = [
  ["query", "select c from starred"],
  ["query", "select upper(c) as x from starred"],
  ["query", "select * from starred"],
];

interface Kind {
  name: string;
  why: string;
  start(): Promise<AsyncDisposable & { url: string; steps: Step[] }>;
}

const KINDS: Kind[] = [
  {
    name: "SQLite",
    why: "",
    start() {
      const folder = mkdtempSync(join(tmpdir(), "km-masked-columns-"));
      using database = new Database(join(folder, "shop.db"));
      for (const statement of SCHEMA) database.run(statement);
      return Promise.resolve({
        url: `sqlite://${join(folder, "shop.db")}`,
        steps: [
          ["query", "select e.value from users, json_each(json_array(password)) e"],
          ["query", "select value from users, json_each where json = json_array(password)"],
          ["query", "select atom from json_tree((select json_array(password) from users))"],
          ["query", "select json_extract('{}', password) from users"],
          ["query", "select '{}' -> ('$.[' || password) from users"],
          ["query", "select sample from sqlite_stat4"],
          ["query", "select data from sqlite_dbpage"],
          ["modify", "update users set name = null where id = 1"],
          ["modify", "update users set name = name where id = 1 returning *"],
          ["modify", "update users set name = name where id = 1 returning upper(password) as p"],
          [
            "execute",
            "insert into users select 2, 'b', password from users where true on conflict do nothing returning name || password as a",
          ],
          ["modify", "update orders set note = (select c from starred) returning note"],
        ],
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
      await admin.unsafe("create view renamed as select upper(x) as y from users t(i, n, x)");
      await admin.unsafe(`create table ÄCCOUNTS (id int, secret text)`);
      await admin.unsafe(`insert into ÄCCOUNTS values (1, '${PLANTED}')`);
      await admin.unsafe("create type login as (who text, password text)");
      await admin.unsafe("create table logins (id int, login login, before users[])");
      await admin.unsafe("insert into logins select 1, row(name, password)::login, array[users] from users");
      await admin.unsafe("create statistics of_users (mcv) on name, password from users");
      await admin.unsafe("insert into users select i, 'ada', password from users, generate_series(2, 60) i");
      await admin.unsafe("analyze");
      return {
        url,
        steps: [
          ["query", "select x from users as t(i, n, x)"],
          ["query", "select upper(x) as a from users as t(i, n, x)"],
          ["query", "select x || '' as a from users t(i, n, x)"],
          ["query", "select max(p) as a from users join orders on true, lateral (select x) q(p), users t(i, n, x)"],
          ["query", "select upper(c) as a from (orders cross join users) as j(o, u, n, i, m, c)"],
          ["query", "select j::text as a from (orders cross join users) as j"],
          ["query", "select to_jsonb(j) ->> 'password' as a from (orders cross join users) j"],
          ["query", "select y from renamed"],
          ["query", "select lower(y) as z from renamed"],
          ["query", "select upper(b) as a from (select * from ÄCCOUNTS) q(a, b)"],
          ["query", "select q::text as a from ÄCCOUNTS q"],
          ["query", "select login from logins"],
          ["query", "select login::text as a from logins"],
          ["query", "select before from logins"],
          ["query", "select (login).password as a from logins"],
          ["query", "select upper(x) as a from users * t(i, n, x)"],
          ["query", "select t::text as a from users * t"],
          ["query", "select upper(x) as a from only (users) t(i, n, x)"],
          ["query", "select t::text as a from only (users) as t"],
          ["query", "select j::text as a from ((orders cross join users)) as j"],
          ["query", "select x::int as a from users t(i, n, x)"],
          ["query", "select password::regclass as a from users"],
          ["query", "select current_setting(password) as a from users"],
          ["query", "select timezone(password, now()) as a from users"],
          ["query", "select encode('a', password) as a from users"],
          ["query", "select password::xml as a from users"],
          ["query", "select password::point as a from users"],
          ["query", "select 1 from users where 'a' ~ ('[' || password)"],
          ["query", "select s::text as a from pg_stats s where tablename = 'users'"],
          ["query", "select password::int as a from users"],
          ["query", "select ('{}'::jsonb) #> array[password] || (password::jsonb)::text[] as a from users"],
          ["query", "select to_date(password, 'YYYY') as a from users"],
          ["query", "select 1 from users where password::int > 0"],
          ["query", "select m.values as a from pg_statistic_ext_data, pg_mcv_list_items(stxdmcv) m"],
          ["query", "select stxdmcv::text as a from pg_statistic_ext_data"],
          ["query", "select most_common_vals as a from pg_stats_ext"],
          ["query", "select most_common_vals::text as a from pg_stats where tablename = 'users'"],
          ["query", "select s::text as a from pg_statistic s"],
          ["query", "select * from pg_stats where tablename = 'users'"],
          [
            "query",
            "select * from json_populate_recordset(null::users, (select json_agg(to_json(u)) from users u)) as t(a, b, c)",
          ],
          ["query", "select a from json_to_recordset((select json_agg(to_json(u)) from users u)) as t(a text, b text)"],
          ["query", "select string_agg(c, ',') as a from users u(a, b, c)"],
          ["query", "select v from users u(a, b, c), unnest(array[c]) v"],
          ["query", "select a from (table users) t(i, n, a)"],
          ["query", "with r as (table users) select r::text as a from r"],
          ["query", "select (select u from users u limit 1)::text as a"],
          ["query", "select row(u.*)::text as a from users u limit 1"],
          ["query", "select format('%s', u) as a from users u limit 1"],
          ["query", "select array(select u from users u limit 1)::text as a"],
          ["query", "select ts_headline(x, 'a'::tsquery) as a from users t(i, n, x)"],
          ["explain", `select name from users where password = '${PLANTED}'`],
          ["modify", "update users set name = null where id = 1"],
          ["modify", "update users t set name = null where id = 1 returning t"],
          ["execute", "insert into orders (id, note) select -1, x from users t(i, n, x) limit 1"],
          ["execute", "insert into orders (id, note) select 77, x from users t(i, n, x) limit 1 returning note"],
          ["execute", "insert into users select 1, name, password from users limit 1"],
          [
            "modify",
            "merge into orders o using users t(i, n, x) on o.user_id = t.i when matched then update set note = x returning note, t.x",
          ],
          [
            "modify",
            "delete from orders o using users as t(i, n, x) where t.i = 1 and o.id = 10 returning upper(x) as a",
          ],
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
      const wide = Array.from({ length: 40 }, (_, at) => `c${at} int`).join(", ");
      await admin.unsafe(`create table wide (password varchar(50), ${wide})`);
      await admin.unsafe(`insert into wide (password) values ('${PLANTED}')`);
      await admin.unsafe("analyze table users persistent for all");
      await admin.close();
      return {
        url: `mariadb://root@127.0.0.1:${server.port}/shop`,
        steps: [
          ["query", "select * from users procedure analyse()"],
          ["query", "select name, password from users procedure analyse()"],
          ["query", "select j.x from users, json_table(json_array(password), '$[*]' columns (x text path '$')) j"],
          ["query", "select upper(pässword) as a from wide"],
          ["query", "select upper(paſſword) as a from wide"],
          ["query", "select min_value, max_value, histogram from mysql.column_stats where table_name = 'users'"],
          ["query", "select * from mysql.column_stats where table_name = 'users'"],
          ["query", "select extractvalue(1, concat(0x7e, password)) as a from users"],
          ["query", "select updatexml(1, concat(0x7e, password), 1) as a from users"],
          ["query", "select 1 from users where extractvalue(1, concat(0x7e, password)) = 1"],
          ["query", "select cast(password as json) from users"],
          ["query", "select json_extract('{}', password) as a from users"],
          ["query", "select 1 from users where name regexp concat('(', password)"],
          ["modify", "update orders set user_id = (select password from users where id = 1)"],
          ["modify", "update users set id = password + 0"],
          [
            "execute",
            "insert into users (id, name, password) select (select concat(password, 'x') from users u where u.id = 1), 'a', 'b'",
          ],
          ["query", "select @kept := password as a from users"],
          ["query", "select @kept as a"],
          ["query", "select concat(@kept, '') as a"],
          ["query", "explain select name from users where id = 1 and password = 'x'"],
          ["query", "explain extended select password, name from users where id = 1"],
          ["query", "show warnings"],
          ["query", "explain format=json select o.id from users u join orders o on o.note = u.password where u.id = 1"],
          ["explain", "select o.id from users u join orders o on o.note = u.password where u.id = 1"],
          ["query", "analyze format=json select o.id from users u join orders o on o.note = u.password where u.id = 1"],
          ["query", "show profile"],
          ["modify", "update users set name = null where id = 1"],
          ["modify", "update users set name = cast(extractvalue(1, concat(0x7e, password)) as char) where id = 1"],
          ["modify", "do @w := (select password from users where id = 1)"],
          ["query", "select @w as a"],
          ["modify", "update orders set note = @w where id = 10"],
          ["execute", "insert into orders (id, note) values (78, @w) returning note"],
          ["execute", "insert into users select 1, name, password from users limit 1"],
          [
            "execute",
            "insert into users (id, name, password) select 5, name, password from users returning concat(name, password) as a",
          ],
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
      // One connection of the server's: what a session keeps meets the next statement.
      settings: JSON.stringify({ services: { database: { url: server.url, pool: 1 } } }),
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      confirm: () => "accept",
    });
  }, TIMEOUT);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  test.skipIf(why !== "")(
    `nothing of the secret comes out${why}`,
    async () => {
      const bare: unknown[] = [];
      for (const [tool, sql] of [...FOR_ALL, ...server.steps]) {
        const { text, data } = await km.call(`database_${tool}`, { sql });
        const said = `${text}\n${JSON.stringify(data)}`;
        if (PART.test(said)) bare.push([sql, text.slice(0, 500)]);
      }
      expect(bare).toEqual([]);
    },
    TIMEOUT,
  );
});
