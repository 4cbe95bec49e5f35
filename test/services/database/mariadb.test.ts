/** The service `database` with a real MariaDB: what reads cannot write, whatever it says; values, bounds, faults. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import database from "../../../src/services/database/service.ts";
import { type OpenedService, openedService } from "../opened-service.ts";
import { connectServe } from "../serve-client.ts";
import { MARIADB, type MariadbServer, startMariadb, WHY_NO_MARIADB } from "./mariadb-server.ts";

const TIMEOUT = 60_000;
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";

const SCHEMA = [
  "create database shop",
  "create table shop.orders (id int primary key auto_increment, name varchar(100) not null unique, total decimal(30, 10), `odd `` name` int) comment 'What was bought'",
  "insert into shop.orders (name, total) select concat('n', seq), seq * 1.10 from shop.seq_1_to_1000",
  "create table shop.plain (id int) engine = MyISAM",
  "insert into shop.plain values (1)",
  "create table shop.`lines` (order_id int, foreign key (order_id) references shop.orders (id))",
  "create view shop.names as select id, name from shop.orders",
  "create sequence shop.counted",
  "create function shop.writes() returns int modifies sql data begin insert into shop.orders (name) values ('written'); return 1; end",
  "create function shop.says() returns int return 1",
  "create function shop.looks() returns int reads sql data return (select count(*) from shop.orders)",
  "create procedure shop.does() insert into shop.orders (name) values ('written')",
  `create user reader@'%' identified by '${PLANTED}'`,
  "grant select on shop.* to reader@'%'",
];

describe.skipIf(MARIADB === null)(`database: MariaDB${WHY_NO_MARIADB}`, () => {
  let server: MariadbServer;
  let url: string;
  let opened: OpenedService;

  beforeAll(async () => {
    server = await startMariadb();
    for (const statement of SCHEMA) await server.admin.unsafe(statement);
    url = `mariadb://root@127.0.0.1:${server.port}/shop`;
    opened = await openedService(database, { url, lock_timeout: "1s" });
    writeFileSync(join(server.folder, "secret.txt"), PLANTED, { mode: 0o644 });
  }, 120_000);

  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const query = async (sql: string, parameters: unknown[] = [], more: object = {}) =>
    (await opened.run("query", { sql, parameters, ...more })) as {
      data: { columns: { name: string; type: string }[]; rows: unknown[][] };
      next?: string;
    };

  const state = async (): Promise<unknown> => [
    ...(await server.admin
      .unsafe(`select (select count(*) from shop.orders) orders, (select count(*) from shop.plain) plain,
      (select group_concat(name order by id) from shop.orders) names, (select next_not_cached_value from shop.counted) counted,
      (select count(*) from information_schema.tables) tables, (select count(*) from mysql.user) users,
      (select count(*) from information_schema.routines) routines, is_used_lock('a') held, @@global.read_only ro`)),
  ];

  const WRITING = (folder: string): string[] => [
    "insert into orders (name) values ('x')",
    "commit; insert into orders (name) values ('x')",
    "select 1; insert into orders (name) values ('x')",
    "rollback",
    "start transaction read write",
    "set transaction read write",
    "set session transaction read write",
    "set session tx_read_only = 0",
    "set @@session.sql_mode = 'ANSI_QUOTES'",
    "set global read_only = 1",
    "set statement tx_read_only = 0 for insert into orders (name) values ('x')",
    "with x as (select 1) delete from orders",
    "update orders set name = 'x'",
    "delete from orders",
    "replace into orders (id, name) values (1, 'x')",
    "truncate orders",
    "drop table orders",
    "create table x (id int)",
    "create temporary table x (id int)",
    "insert into plain values (2)",
    "select writes()",
    "select shop.writes()",
    "select `shop`.`writes` ()",
    "select says()",
    "call does()",
    "do writes()",
    "select nextval(counted)",
    "select next value for counted",
    "select setval(counted, 50)",
    "select get_lock('a', 1)",
    "select GET_LOCK ('a', 1)",
    "select release_all_locks()",
    "select sleep(1)",
    "select benchmark(1000000, md5('x'))",
    `select load_file('${folder}/secret.txt')`,
    `select LOAD_FILE/**/('${folder}/secret.txt')`,
    `select * from orders into outfile '${folder}/out'`,
    `select 'x' into dumpfile '${folder}/out'`,
    `select * into outfile '${folder}/out' from orders`,
    "select 1 into @x",
    `select 1 /*!50000 into outfile '${folder}/out' */`,
    `select 1 /*! ; drop table orders */`,
    "select 1 /*M!100000 , sleep(1) */",
    "/*!50000 insert into orders (name) values ('x') */",
    "handler orders open",
    "load data infile '/etc/passwd' into table plain",
    "load data local infile '/etc/passwd' into table plain",
    "lock tables orders write",
    "flush tables",
    "kill 1",
    "analyze table orders",
    "optimize table orders",
    "prepare p from 'delete from orders'",
    "execute immediate 'delete from orders'",
    "begin not atomic delete from orders; end",
    "grant all on *.* to reader@'%'",
    "create user x@'%'",
    "install soname 'ha_archive'",
    "explain delete from orders; delete from orders",
    "analyze delete from orders",
    "analyze format=json delete from orders",
    "select 1 where '\\'' = '; delete from orders; --'; delete from orders",
    "use mysql",
    "xa begin 'x'",
    "shutdown",
    "reset query cache",
    "signal sqlstate '45000'",
  ];

  test(
    "refused, and nothing is changed: all known ways to write with what only reads",
    async () => {
      const before = await state();
      for (const sql of WRITING(server.folder)) {
        const { code } = await opened.errorOf("query", { sql });
        expect([sql, ["SVC_001", "SVC_002", "SVC_006", "SVC_007"].includes(code)]).toEqual([sql, true]);
        expect([sql, await state()]).toEqual([sql, before]);
        expect([sql, existsSync(join(server.folder, "out"))]).toEqual([sql, false]);
      }
      expect((await query("select @@tx_read_only")).data.rows).toEqual([["1"]]);
    },
    TIMEOUT * 2,
  );

  test(
    "what the check of words lets through the server itself refuses",
    async () => {
      await using trusting = await openedService(database, { url, functions: ["writes", "nextval"] });
      const before = await state();
      expect(await trusting.errorOf("query", { sql: "select writes()" })).toMatchObject({ code: "SVC_002" });
      expect(await state()).toEqual(before);
    },
    TIMEOUT,
  );

  test.each([
    ["select 1;", 1],
    ["-- ; drop table orders\n select 1", 1],
    ["# ; x\nselect 1", 1],
    ["select '; drop table orders'", "; drop table orders"],
    [String.raw`select '\'; commit; --'`, "'; commit; --"],
    ['select "; x"', "; x"],
    ["select count(*) from `orders`", "1000"],
    ["with recursive t as (select 1 n union all select n + 1 from t where n < 3) select max(n) from t", "3"],
    ["select looks()", 1000],
    ["select 5--1", "6"],
    ["(select 1) union (select 2) limit 1", 1],
  ])(
    "taken: %s",
    async (sql, value) => {
      expect((await query(sql)).data.rows.map((row) => row.map(String))).toEqual([[String(value)]]);
    },
    TIMEOUT,
  );

  test(
    "values are exact",
    async () => {
      await server.admin
        .unsafe(`create table shop.kinds (a bigint unsigned, b decimal(30, 10), c blob, d datetime(6), e json, f float, g double,
        h date, i time(3), j bit(3), k year, l varchar(10) collate utf8mb4_bin, m enum('x', 'y'), n varbinary(10), o timestamp null,
        p tinyint(1), q mediumint, r smallint unsigned, s bigint, t time)`);
      await server.admin
        .unsafe(`insert into shop.kinds values (18446744073709551615, 1.10, x'00ff', '2020-01-02 03:04:05.678901',
        '{"a":12345678901234567890}', 1.1, 1e300, '2020-02-03', '-100:00:01.5', b'101', 2020, 'é✓', 'y', x'ff', null, 1, -5, 65535,
        -9223372036854775808, '00:00:00')`);
      const { data } = await query("select * from kinds");
      expect(data.rows).toEqual([
        [
          "18446744073709551615",
          "1.1000000000",
          String.raw`\x00ff`,
          "2020-01-02 03:04:05.678901",
          '{"a":12345678901234567890}',
          1.1,
          1e300,
          "2020-02-03",
          "-100:00:01.500000",
          String.raw`\x05`,
          2020,
          "é✓",
          "y",
          String.raw`\xff`,
          null,
          1,
          -5,
          65_535,
          "-9223372036854775808",
          "00:00:00",
        ],
      ]);
      expect(data.columns.slice(0, 2)).toEqual([
        { name: "a", type: "bigint unsigned" },
        { name: "b", type: "decimal" },
      ]);
      const values = await query("select ?, ?, ?, ?", ["'; drop table orders", "9007199254740993", null, 1.5]);
      expect(values.data.rows).toEqual([["'; drop table orders", "9007199254740993", null, 1.5]]);
    },
    TIMEOUT,
  );

  test(
    "rows are paged, and their number is bounded by the server",
    async () => {
      const sql = "select id from orders order by id";
      const first = await query(sql, [], { limit: 400 });
      const second = await query(sql, [], { limit: 400, continue: first.next });
      expect([first.data.rows[399], second.data.rows[0], second.data.rows.length]).toEqual([[400], [401], 400]);
      expect((await query("select a.seq from seq_1_to_1000000 a", [], { limit: 3 })).data.rows).toEqual(
        [[1], [2], [3]].map((row) => row.map(String)),
      );
      expect(await opened.errorOf("query", { sql: "select seq from seq_1_to_1000000 limit 500000" })).toMatchObject({
        code: "SVC_001",
      });
      expect(
        await opened.errorOf("query", { sql: "select seq from seq_1_to_1000000 limit ?", parameters: [500_000] }),
      ).toMatchObject({ code: "SVC_001" });
      expect((await query("select * from (select 1 limit 500000) x")).data.rows).toHaveLength(1);
    },
    TIMEOUT,
  );

  test(
    "an error has its number and SQLSTATE; a wrong password and no right say so",
    async () => {
      expect(await opened.errorOf("query", { sql: "select nam from orders" })).toMatchObject({
        code: "SVC_006",
        message: `MySQL at 127.0.0.1:${server.port}/shop: Unknown column 'nam' in 'SELECT' (error 1054, SQLSTATE 42S22)`,
      });
      await using wrong = await openedService(database, {
        url: `mysql://reader:${PLANTED}x@127.0.0.1:${server.port}/shop`,
      });
      const refused = await wrong.errorOf("query", { sql: "select 1" });
      expect([refused.code, refused.message.includes("28000"), refused.message.includes(PLANTED)]).toEqual([
        "SVC_004",
        true,
        false,
      ]);
      await using reader = await openedService(database, {
        url: `mysql://reader@127.0.0.1:${server.port}/shop`,
        password: PLANTED,
      });
      expect((await reader.run("query", { sql: "select count(*) from orders" })).data).toMatchObject({
        rows: [["1000"]],
      });
      expect(await reader.errorOf("query", { sql: "select * from mysql.user" })).toMatchObject({ code: "SVC_004" });
    },
    TIMEOUT,
  );

  test(
    "what takes too long is ended in the server, by its own limit and when nobody waits; locks are not waited for long",
    async () => {
      const slow = "select count(*) from seq_1_to_1000000 a, seq_1_to_1000000 b where a.seq + b.seq = 0";
      const running = async (): Promise<number> =>
        (await server.admin.unsafe("show full processlist")).filter(
          ({ Info, Command }: { Info: string | null; Command: string }) =>
            Command !== "Sleep" && Info?.includes("seq_1_to_1000000 a, seq"),
        ).length;
      await using short = await openedService(database, { url, timeout: "1s" });
      expect(await short.errorOf("query", { sql: slow })).toMatchObject({ code: "SVC_003" });
      const given = new AbortController();
      const late = opened.errorOf("query", { sql: slow }, given.signal);
      while ((await running()) === 0) await Bun.sleep(20);
      given.abort();
      expect((await late).code).toBe("SVC_003");
      while ((await running()) > 0) await Bun.sleep(20);
      expect((await query("select 1")).data.rows).toEqual([[1]]);
      await server.admin.begin(async (tx) => {
        await tx.unsafe("select * from shop.orders where id = 1 for update");
        expect(await opened.errorOf("modify", { sql: "update orders set total = 5 where id = 1" })).toMatchObject({
          code: "SVC_007",
        });
      });
    },
    TIMEOUT,
  );

  test(
    "through km: tables, descriptions, changes that are shown beforehand, asked for and done",
    async () => {
      await using km = await connectServe(["database"], {
        settings: `services: {database: {url: "${url}"}}`,
        flags: ["--toolsets", "all", "--allow", "write,destructive"],
        confirm: () => "accept",
      });
      expect((await km.call("database_tables", { search: "orders" })).text).toMatch(
        /^1 table\nshop\.orders {2}~\d+ rows {2}\d+kb {2}- What was bought$/,
      );
      const orders = await km.call("database_describe", { table: "orders" });
      expect(orders.text).toContain("  id int(11) not null default auto_increment");
      expect(orders.text).toContain("  odd ` name int(11)");
      expect(orders.text).toContain("index name: unique btree (name)");
      expect(orders.text).toContain("foreign key lines(order_id) references orders(id)");
      expect((await km.call("database_describe", { table: "names" })).text).toContain("select");
      expect((await km.call("database_search", { search: "tot" })).data["found"]).toEqual([
        { kind: "column", in: "shop.orders", name: "total" },
      ]);
      expect((await km.call("database_explain", { sql: "select * from orders where id = 1" })).text).toContain(
        '"const"',
      );
      expect(
        (
          await km.call("database_explain", {
            sql: "select * from orders where id = ?",
            parameters: [1],
            analyze: true,
          })
        ).text,
      ).toContain("r_total_time_ms");
      expect((await km.call("database_list")).text).toContain("MariaDB");
      await server.admin.unsafe("create table shop.spare (id int) engine = MyISAM");
      await server.admin.unsafe("insert into shop.spare values (1)");
      const before = await state();
      const dry = { sql: "insert into orders (name) values (?)", parameters: ["new"], dry_run: true };
      expect((await km.call("database_execute", dry)).text).toContain(
        "It was done and undone to see what it does\n1 row affected",
      );
      expect((await km.call("database_modify", { sql: "update orders set total = 1", dry_run: true })).text).toContain(
        "1000 rows affected",
      );
      expect((await km.call("database_modify", { sql: "delete from spare", dry_run: true })).text).toContain(
        "what is done to shop.spare, or its triggers do, cannot be undone",
      );
      expect((await km.call("database_modify", { sql: "drop table spare", dry_run: true })).text).toMatch(
        /not tried out.*\nnames table shop\.spare \(MyISAM, about 1 row/,
      );
      const names = (rows: unknown) => JSON.stringify(rows).replace(/"counted":"?\d+"?/, "");
      expect(names(await state())).toBe(names(before));
      expect((await km.call("database_execute", { ...dry, dry_run: false })).data).toMatchObject({ affected: 1 });
      expect(
        (await km.call("database_modify", { sql: "delete from orders where name = ?", parameters: ["new"] })).data,
      ).toMatchObject({ affected: 1 });
      expect((await km.call("database_modify", { sql: "drop table spare" })).isError).toBe(false);
      expect((await km.call("database_execute", { sql: "select 1 into outfile '/tmp/x'" })).isError).toBe(true);
      expect(
        (
          await km.call("database_execute", {
            sql: "insert into orders (name) values (1) on duplicate key update total = 1",
          })
        ).text,
      ).toContain("database_modify");
    },
    TIMEOUT,
  );

  test(
    "a server that ends in the middle",
    async () => {
      await using own = await startMariadb();
      await using service = await openedService(database, { url: `mariadb://root@127.0.0.1:${own.port}/mysql` });
      await service.run("query", { sql: "select 1" });
      const slow = service.errorOf("query", {
        sql: "select count(*) from seq_1_to_1000000 a, seq_1_to_1000000 b where a.seq + b.seq = 0",
      });
      while (
        !(await own.admin.unsafe("show full processlist")).some(({ Info }: { Info: string | null }) =>
          Info?.includes("seq_1_to"),
        )
      )
        await Bun.sleep(20);
      await own.kill();
      expect((await slow).code).toBe("SVC_003");
      expect((await service.errorOf("query", { sql: "select 1" })).code).toBe("SVC_003");
    },
    TIMEOUT,
  );
});
