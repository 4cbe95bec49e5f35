/** The service `database` with a real PostgreSQL: what reads cannot write, whatever it says; values, bounds, faults. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import database from "../../../src/services/database/service.ts";
import { emptyPostgres, HAS_POSTGRES, startPostgres } from "../../fixtures/postgres.ts";
import { type OpenedService, openedService } from "../opened-service.ts";
import { connectServe, type ServeClient } from "../serve-client.ts";

const TIMEOUT = 60_000;
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
const WHY = HAS_POSTGRES ? "" : " (skipped: there is no PostgreSQL for this platform)";
const FILE = "/tmp/km-database-test-must-not-be";

const SCHEMA = `
  create table orders (id bigint primary key generated always as identity, name text not null unique, total numeric(30, 10));
  comment on table orders is 'What was bought';
  insert into orders (name, total) select 'n' || i, i * 1.10 from generate_series(1, 1000) i;
  create table lines (order_id bigint references orders on delete cascade, "odd "" name" text);
  create view names as select id, name from orders;
  create table accounts (id int, password text, api_token text);
  insert into accounts values (1, '${PLANTED}', '${PLANTED}');
  create sequence counted;
  create function writes() returns int language plpgsql as $$ begin insert into orders (name) values ('written'); return 1; end $$;
  create function whole(o orders) returns text language sql volatile as $$ select o.name $$;
  create function sums() returns int language sql stable as $$ select 1 $$;
  create procedure does() language sql as $$ insert into orders (name) values ('written') $$;
  analyze;
`;

describe.skipIf(!HAS_POSTGRES)(`database: PostgreSQL${WHY}`, () => {
  let url: string;
  let admin: Bun.SQL;
  let opened: OpenedService;
  let km: ServeClient;

  beforeAll(async () => {
    url = await emptyPostgres();
    admin = new Bun.SQL(url, { max: 2 });
    await admin.unsafe(SCHEMA);
    opened = await openedService(database, { url, lock_timeout: "1s" });
    km = await connectServe(["database"], {
      settings: `services: {database: {url: "${url}"}}`,
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      confirm: (message) => (message.includes("keep_me") ? "decline" : "accept"),
    });
  }, 120_000);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    await opened?.[Symbol.asyncDispose]();
    await admin?.close({ timeout: 0 });
  });

  const query = async (sql: string, parameters: unknown[] = [], more: object = {}) =>
    (await opened.run("query", { sql, parameters, ...more })) as {
      data: { columns: { name: string; type: string }[]; rows: unknown[][] };
      next?: string;
      note?: string;
      text?: string;
    };

  /** All that a statement could have changed. */
  const state = async (): Promise<unknown> => {
    const rows = await admin.unsafe(`
      select (select count(*) from orders) orders, (select md5(string_agg(name, ',' order by id)) from orders) names,
        (select last_value::text || is_called from counted) counted,
        (select count(*) from pg_class where relnamespace = 'public'::regnamespace) relations,
        (select count(*) from pg_largeobject_metadata) objects, (select count(*) from pg_roles) roles,
        (select count(*) from pg_locks where locktype = 'advisory') locks,
        (select count(*) from pg_proc where pronamespace = 'public'::regnamespace) functions,
        (select count(*) from pg_stat_activity where pid = pg_backend_pid()) here`);
    return [...rows];
  };

  const WRITING = [
    "insert into orders (name) values ('x')",
    "commit; insert into orders (name) values ('x')",
    "select 1; insert into orders (name) values ('x')",
    "select 1; commit; begin; insert into orders (name) values ('x'); commit",
    "/* ; */ rollback",
    "end",
    "abort",
    "savepoint a",
    "begin read write",
    "set transaction read write",
    "set session characteristics as transaction read write",
    "set default_transaction_read_only = off",
    "set local transaction_read_only = off",
    "reset all",
    "discard all",
    "select set_config('transaction_read_only', 'off', false)",
    "select set_config('default_transaction_read_only', 'off', false)",
    `select "set_config"('transaction_read_only', 'off', true)`,
    `select pg_catalog . set_config ( 'transaction_read_only', 'off', true)`,
    String.raw`select U&"set\005fconfig"('transaction_read_only', 'off', true)`,
    "select pg_catalog/**/.set_config/* x */('transaction_read_only', 'off', true)",
    "with x as (insert into orders (name) values ('x') returning id) select * from x",
    "with x as (delete from orders returning id) select count(*) from x",
    "with x as (select 1) update orders set name = 'x'",
    "(with x as (delete from orders returning 1) select * from x)",
    "select * into copied from orders",
    "create table x as select 1",
    "table orders; drop table orders",
    "select name from orders for update",
    "select nextval('counted')",
    "select setval('counted', 5)",
    "select nextval('counted'::regclass) from orders",
    "select writes()",
    "select public.writes()",
    "select * from writes()",
    "select case when writes() = 1 then 1 end",
    "select o.whole from orders o",
    "select (o).whole from orders o",
    "call does()",
    "do $$ begin insert into orders (name) values ('x'); end $$",
    "do 'begin commit; end'",
    "explain analyze delete from orders",
    "explain (analyze) insert into orders (name) values ('x')",
    "explain analyze select writes()",
    "prepare p as insert into orders (name) values ('x')",
    "execute p",
    "declare c cursor for select 1",
    "select 1 where false; delete from orders --",
    "listen a",
    "notify a, 'x'",
    "select pg_notify('a', 'x')",
    "select pg_advisory_lock(1)",
    "select pg_try_advisory_lock(1)",
    "select pg_terminate_backend(pid) from pg_stat_activity",
    "select pg_cancel_backend(pg_backend_pid())",
    "select pg_reload_conf()",
    "select pg_rotate_logfile()",
    "select pg_switch_wal()",
    "select pg_create_restore_point('x')",
    "select pg_stat_reset()",
    "select pg_sleep(1)",
    "select pg_sleep_for('1 s')",
    "select lo_import('/etc/passwd')",
    "select lo_creat(-1)",
    "select lo_from_bytea(0, 'x')",
    `select lo_export(1, '${FILE}')`,
    "select pg_read_file('/etc/passwd')",
    "select pg_read_binary_file('/etc/passwd')",
    "select * from pg_ls_dir('/')",
    "select pg_stat_file('/etc/passwd')",
    "select query_to_xml('select pg_read_file(''/etc/passwd'')', true, false, '')",
    "select cursor_to_xml('c', 1, true, false, '')",
    "select ts_stat('select to_tsvector(name) from orders')",
    "select * from dblink('dbname=postgres', 'drop table orders') as t(a int)",
    `copy orders to program 'touch ${FILE}'`,
    `copy (select 1) to '${FILE}'`,
    "copy orders from '/etc/passwd'",
    "copy orders to stdout",
    "lock table orders",
    "truncate orders",
    "drop table orders",
    "alter table orders add column x int",
    "alter system set work_mem = '1MB'",
    "create role intruder superuser",
    "grant all on orders to public",
    "vacuum orders",
    "analyze orders",
    "cluster orders using orders_pkey",
    "checkpoint",
    "load 'auto_explain'",
    "comment on table orders is 'x'",
    "refresh materialized view names",
    "merge into orders using orders o on false when not matched then insert (name) values ('x')",
    "set role postgres",
    "show all; drop table orders",
    "explain (verbose) select 1; drop table orders",
  ];

  test.each(WRITING)(
    "refused, and nothing is changed: %s",
    async (sql) => {
      const before = await state();
      const { code } = await opened.errorOf("query", { sql });
      expect(["SVC_001", "SVC_002", "SVC_006", "SVC_007"]).toContain(code);
      expect(await state()).toEqual(before);
      expect(existsSync(FILE)).toBe(false);
      // And the session is as it was.
      expect((await query("show transaction_read_only")).data.rows).toEqual([["on"]]);
    },
    TIMEOUT,
  );

  test(
    "what the check of words lets through the server itself refuses",
    async () => {
      await using trusting = await openedService(database, {
        url,
        functions: ["set_config", "writes", "nextval", "lo_creat"],
      });
      const before = await state();
      for (const sql of [
        "select set_config('transaction_read_only', 'off', false)",
        "select writes()",
        "select nextval('counted')",
        "select lo_creat(-1)",
        "select set_config('default_transaction_read_only', 'off', false), set_config('transaction_read_only', 'off', true), writes()",
      ]) {
        const { code, message } = await trusting.errorOf("query", { sql });
        expect([sql, code]).toEqual([sql, message.includes("25001") ? "SVC_007" : "SVC_002"]);
      }
      // A setting of the session ends with the statement, also for who comes next on the same connection.
      await trusting
        .run("query", { sql: "select set_config('default_transaction_read_only', 'off', false)" })
        .catch(() => {});
      for (let i = 0; i < 6; i++) {
        const { data } = await trusting.run("query", { sql: "show default_transaction_read_only" });
        expect(data).toMatchObject({ rows: [["on"]] });
      }
      expect(await state()).toEqual(before);
    },
    TIMEOUT,
  );

  const READING: [string, unknown][] = [
    ["select 1", 1],
    ["  -- a comment ; drop table orders\n select 1;", 1],
    ["/* outer /* inner */ */ select 1 ; ;", 1],
    ["select '; drop table orders; --'", "; drop table orders; --"],
    ["select $$; commit; $$", "; commit; "],
    ["select $a$ $$ ; $a$", " $$ ; "],
    [String.raw`select E'\'; commit; --'`, "'; commit; --"],
    ["(select 1) union all (select 2) limit 1", 1],
    ["values (1)", 1],
    ["with recursive t(n) as (values (1) union all select n + 1 from t where n < 3) select max(n) from t", 3],
    ["select sums()", 1],
    ["select count(*) from (table orders) x", "1000"],
    ["select 'set_config'", "set_config"],
    ["select random() < 2", true],
    ["select length(gen_random_uuid()::text)", 36],
    ["select current_setting('transaction_read_only')", "on"],
    ["select count(*) from orders tablesample system (100)", "1000"],
    ["select pg_total_relation_size('orders') > 0", true],
  ];

  test.each(READING)(
    "taken: %s",
    async (sql, value) => {
      expect((await query(sql)).data.rows).toEqual([[value]]);
    },
    TIMEOUT,
  );

  test(
    "values are exact",
    async () => {
      const { data } = await query(`
      select 9223372036854775807::bigint a, 12345678901234567890.0123456789::numeric b, 'NaN'::float8 c, '-Infinity'::float4 d,
        1.1::float4 e, '\\x00ff'::bytea f, '{"a": 12345678901234567890}'::jsonb g, '{"a" : 1.0 }'::json h, null::text i,
        timestamptz '2026-11-22 07:00:00.123456+00' j, date 'infinity' k, interval '1 month 2 days' l, array[1, null, 3] m,
        array[['a', 'b"c']] n, true o, 'NaN'::numeric p, 0.1::float8 q, '' r, 'é ✓' s, (1, 'x') t, '1 day'::interval u`);
      expect(data.rows[0]).toEqual([
        "9223372036854775807",
        "12345678901234567890.0123456789",
        "NaN",
        "-Infinity",
        1.1,
        String.raw`\x00ff`,
        '{"a": 12345678901234567890}',
        '{"a" : 1.0 }',
        null,
        "2026-11-22 07:00:00.123456+00",
        "infinity",
        "1 mon 2 days",
        "{1,NULL,3}",
        String.raw`{{a,"b\"c"}}`,
        true,
        "NaN",
        0.1,
        "",
        "é ✓",
        "(1,x)",
        "1 day",
      ]);
      expect(data.columns.slice(0, 2)).toEqual([
        { name: "a", type: "bigint" },
        { name: "b", type: "numeric" },
      ]);
    },
    TIMEOUT,
  );

  test(
    "parameters are values, never SQL",
    async () => {
      const { data } = await query(
        "select $1::text, $2::bigint, $3::jsonb ->> 'a', $4::int[], $5::bool, $6::text is null, $7::float8, $8::numeric",
        ["'; drop table orders; --", "9007199254740993", '{"a": "b"}', "{1,2}", true, null, 1.5, "0.10"],
      );
      expect(data.rows).toEqual([
        ["'; drop table orders; --", "9007199254740993", "b", "{1,2}", true, true, 1.5, "0.10"],
      ]);
      expect((await opened.errorOf("query", { sql: "select $1::int", parameters: ["x"] })).message).toContain("22P02");
      expect((await opened.errorOf("query", { sql: "select $1::int, $2", parameters: [1] })).code).not.toBe("SVC_008");
    },
    TIMEOUT,
  );

  test(
    "rows are paged, bounded in number and size, and long values cut",
    async () => {
      const sql = "select id, name from orders order by id";
      const first = await query(sql, [], { limit: 400 });
      expect([first.data.rows.length, first.data.rows[0], first.data.rows[399]]).toEqual([
        400,
        ["1", "n1"],
        ["400", "n400"],
      ]);
      const second = await query(sql, [], { limit: 400, continue: first.next });
      const third = await query(sql, [], { limit: 400, continue: second.next });
      expect([second.data.rows[0], third.data.rows.length, third.next]).toEqual([["401", "n401"], 200, undefined]);
      expect((await opened.errorOf("query", { sql: "select 2", continue: first.next })).code).toBe("SVC_001");
      const wide = await query("select repeat('é', 100000), i from generate_series(1, 50) i", [], { cell_bytes: 5000 });
      expect(wide.data.rows.length).toBeLessThan(15);
      expect(wide.next).toBeDefined();
      expect(wide.data.rows[0]?.[0]).toEndWith("... [cut: 200000 bytes]");
      const huge = await query("select generate_series(1, 1000000000)", [], { limit: 3 });
      expect(huge.data.rows).toEqual([[1], [2], [3]]);
      const columns = Array.from({ length: 1600 }, (_, i) => `${i} as c${i}`).join(", ");
      expect((await query(`select ${columns}`)).data.rows[0]).toHaveLength(1600);
    },
    TIMEOUT,
  );

  test(
    "secrets in columns of their name do not come out, whatever they are called",
    async () => {
      for (const sql of [
        "select * from accounts",
        "select password as a, api_token b from accounts",
        "select a.* from (select password as x from accounts) a",
      ]) {
        const result = await km.call("database_query", { sql });
        expect([sql, result.isError, JSON.stringify(result).includes(PLANTED)]).toEqual([sql, false, false]);
      }
      expect((await km.call("database_query", { sql: "select password is null from accounts" })).data["rows"]).toEqual([
        [false],
      ]);
    },
    TIMEOUT,
  );

  test(
    "an error has SQLSTATE, place and hint, and no address with a password",
    async () => {
      const missing = await opened.errorOf("query", { sql: "select nam from orders" });
      expect([missing.code, missing.message.replace(/\d+\/test\w+/, "")]).toEqual([
        "SVC_006",
        'PostgreSQL at 127.0.0.1:: column "nam" does not exist (SQLSTATE 42703, at character 8)',
      ]);
      expect(missing.hint).toContain('Perhaps you meant to reference the column "orders.name"');
      expect(await opened.errorOf("query", { sql: "select * from nowhere" })).toMatchObject({ code: "SVC_006" });
      expect(await opened.errorOf("query", { sql: "select 1/0" })).toMatchObject({ code: "SVC_007" });
      expect(await opened.errorOf("query", { sql: "selec 1" })).toMatchObject({ code: "SVC_002" });
      expect(await opened.errorOf("query", { sql: "select 'x" })).toMatchObject({ code: "SVC_001" });
      const role = `reader_${process.pid}`;
      await admin.unsafe(`create role ${role} login`);
      try {
        await using reader = await openedService(database, { url: url.replace("km@", `${role}:${PLANTED}@`) });
        const { code, message } = await reader.errorOf("query", { sql: "select * from orders" });
        expect([code, message.includes("42501"), message.includes(PLANTED)]).toEqual(["SVC_004", true, false]);
      } finally {
        await admin.unsafe(`drop role ${role}`);
      }
    },
    TIMEOUT,
  );

  test(
    "what takes too long is ended in the server, by its own limit and when nobody waits",
    async () => {
      const slow = "select count(*) from generate_series(1, 100000000) a, generate_series(1, 1000) b";
      const running = async (): Promise<number> => {
        const [{ n } = { n: 0 }] = await admin<{ n: number }[]>`select count(*)::int n from pg_stat_activity
          where datname = current_database() and application_name = 'km (reads)' and state = 'active'`;
        return n;
      };
      await using short = await openedService(database, { url, timeout: "1s" });
      expect(await short.errorOf("query", { sql: slow })).toMatchObject({ code: "SVC_003" });
      const given = new AbortController();
      const late = opened.errorOf("query", { sql: slow }, given.signal);
      while ((await running()) === 0) await Bun.sleep(20);
      given.abort();
      expect((await late).code).toBe("SVC_003");
      while ((await running()) > 0) await Bun.sleep(20);
      expect((await query("select 1")).data.rows).toEqual([[1]]);
    },
    TIMEOUT,
  );

  test(
    "locks of others are not waited for long",
    async () => {
      await admin.begin(async (tx) => {
        await tx.unsafe("lock table orders in access exclusive mode");
        const { code, message } = await opened.errorOf("query", { sql: "select count(*) from orders" });
        expect([code, message.includes("55P03")]).toEqual(["SVC_007", true]);
      });
    },
    TIMEOUT,
  );

  test(
    "connections are bounded, and closed when nobody uses them",
    async () => {
      const own = await emptyPostgres();
      await using small = await openedService(database, { url: own, pool: 2, idle: "1s" });
      const mine = async (): Promise<number> => {
        const [{ n } = { n: 0 }] = await admin<{ n: number }[]>`select count(*)::int n from pg_stat_activity
          where datname = ${new URL(own).pathname.slice(1)} and application_name = 'km (reads)'`;
        return n;
      };
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => small.run("query", { sql: "select $1::int", parameters: [i] })),
      );
      expect(answers.map(({ data }) => (data as { rows: unknown[][] }).rows[0]?.[0])).toEqual(
        Array.from({ length: 20 }, (_, i) => i),
      );
      expect(await mine()).toBeWithin(1, 3);
      while ((await mine()) > 0) await Bun.sleep(100);
    },
    TIMEOUT,
  );

  test(
    "tables, a description, a search and a plan",
    async () => {
      const { text } = await km.call("database_tables", { search: "bought" });
      expect(text).toMatch(/^1 table\npublic\.orders {2}~1000 rows {2}\d+kb {2}- What was bought$/);
      const orders = await km.call("database_describe", { table: "orders" });
      expect(orders.text).toContain("  id bigint not null default generated always as identity");
      expect(orders.text).toContain("  total numeric(30,10)");
      expect(orders.text).toContain(
        "constraint lines_order_id_fkey: from lines: FOREIGN KEY (order_id) REFERENCES orders(id) ON DELETE CASCADE",
      );
      expect(orders.text).toContain("index orders_name_key: CREATE UNIQUE INDEX orders_name_key");
      expect((await km.call("database_describe", { table: "names" })).text).toContain("SELECT id,");
      expect((await km.call("database_describe", { table: 'x"; drop table orders; --' })).text).toContain(
        "has no table",
      );
      expect((await km.call("database_describe", { table: "ORDERS" })).text).toContain("Did you mean orders?");
      expect((await km.call("database_search", { search: 'odd " na' })).data["found"]).toEqual([
        { kind: "column", in: "public.lines", name: 'odd " name' },
      ]);
      expect((await km.call("database_search", { search: "%" })).data["total"]).toBe(0);
      const plan = await km.call("database_explain", { sql: "select * from orders where id = $1", parameters: [5] });
      expect(plan.text).toContain("orders_pkey");
      expect((await km.call("database_explain", { sql: "select * from orders", analyze: true })).text).toContain(
        "actual time",
      );
      expect((await km.call("database_explain", { sql: "delete from orders", analyze: true })).isError).toBe(true);
      expect((await km.call("database_explain", { sql: "select writes()", analyze: true })).isError).toBe(true);
      expect((await km.call("database_list")).text).toMatch(
        /^default: PostgreSQL at 127\.0\.0\.1:\d+\/test_\w+, 18\.\d+, database test_\w+ as km$/,
      );
    },
    TIMEOUT,
  );

  test(
    "what adds is shown beforehand, undone, and then done",
    async () => {
      const before = await admin`select count(*) from lines`;
      const args = {
        sql: 'insert into lines values ($1, $2) returning order_id, "odd "" name" as odd',
        parameters: [1, "'; drop"],
      };
      const dry = await km.call("database_execute", { ...args, dry_run: true });
      expect(dry.text).toContain(
        "It was done and undone to see what it does\n1 row affected\norder_id | odd\n1 | '; drop",
      );
      expect(await admin`select count(*) from lines`).toEqual(before);
      const done = await km.call("database_execute", args);
      expect([done.data["affected"], done.data["returned"]]).toEqual([1, [["1", "'; drop"]]]);
      expect((await km.call("database_execute", { sql: "create table made (id int)" })).text).toContain(
        "makes table public.made",
      );
      for (const sql of [
        "update orders set name = 'x'",
        "insert into orders (name) values ('n1') on conflict (name) do update set total = 0",
        "with x as (delete from orders returning *) insert into lines select id from x",
        "create or replace view names as select id from orders",
        "create function f() returns int language sql as 'select 1'",
        "create role intruder",
        "insert into lines select writes()",
        "insert into lines (order_id) select pg_terminate_backend(1)::int",
        "create table y as select pg_read_file('/etc/passwd')",
        "set role x",
        "begin",
        "commit",
        "copy lines from '/etc/passwd'",
        "insert into lines values (1); drop table orders",
      ]) {
        const { isError, text } = await km.call("database_execute", { sql });
        expect([
          sql,
          isError,
          text.includes("database_modify") || /not done here|several statements/.test(text),
        ]).toEqual([sql, true, true]);
      }
    },
    TIMEOUT,
  );

  test(
    "what changes something asks a person, who sees what it does",
    async () => {
      await admin.unsafe(
        "create table keep_me (id int); insert into keep_me select generate_series(1, 7); create table gone as select 1 a; analyze keep_me, gone",
      );
      const refused = await km.call("database_modify", { sql: "drop table keep_me" });
      expect([refused.isError, (await admin`select count(*)::int n from keep_me`)[0]]).toEqual([true, { n: 7 }]);
      const dry = await km.call("database_modify", { sql: "drop table keep_me", dry_run: true });
      expect(dry.text).toMatch(/drops table public\.keep_me \(about 7 rows, 8192 bytes\)/);
      expect((await km.call("database_modify", { sql: "truncate keep_me", dry_run: true })).text).toContain(
        "empties or rewrites table public.keep_me",
      );
      expect(
        (await km.call("database_modify", { sql: "delete from keep_me where id < $1", parameters: [4], dry_run: true }))
          .text,
      ).toContain("3 rows affected");
      expect((await km.call("database_modify", { sql: "vacuum keep_me", dry_run: true })).text).toContain(
        "It was not tried out",
      );
      expect((await admin`select count(*)::int n from keep_me`)[0]).toEqual({ n: 7 });
      expect((await km.call("database_modify", { sql: "drop table gone" })).text).toContain("drops table public.gone");
      expect((await km.call("database_modify", { sql: "vacuum orders" })).isError).toBe(false);
      const masked = { sql: "update accounts set password = $1", parameters: ["[redacted:password]"] };
      expect((await km.call("database_modify", masked)).text).toContain("would be lost");
      const long = `delete from keep_me where id in (${"1, ".repeat(4000)}1)`;
      expect((await km.call("database_modify", { sql: long })).text).toContain("A person is to see the statement");
      expect((await km.call("database_modify", { sql: "drop table gone" })).text).toContain("42P01");
    },
    TIMEOUT,
  );

  test(
    "a server that ends in the middle, and comes back",
    async () => {
      const own = await startPostgres();
      await using service = await openedService(database, { url: own });
      const stopper = new Bun.SQL(own, { max: 1 });
      await service.run("query", { sql: "select 1" });
      const slow = service.errorOf("query", { sql: "select count(*) from generate_series(1, 1000000000) a" });
      for (;;) {
        const rows =
          await stopper`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'km (reads)' and state = 'active'`;
        if (rows.length > 0) break;
        await Bun.sleep(20);
      }
      expect((await slow).code).toBe("SVC_003");
      expect((await service.run("query", { sql: "select 1" })).data).toMatchObject({ rows: [[1]] });
      await stopper.close();
    },
    TIMEOUT,
  );

  test(
    "nobody there, somebody else there, and somebody who says nothing",
    async () => {
      const answers = [
        { say: undefined, timeoutMs: 500 },
        { say: "HTTP/1.1 200 OK\r\n\r\n<html>", timeoutMs: 20_000 },
      ];
      for (const { say, timeoutMs } of answers) {
        const server = createServer((socket) => {
          socket.on("error", () => socket.destroy());
          if (say !== undefined) socket.end(say);
        });
        const listening = Promise.withResolvers<void>();
        server.listen(0, "127.0.0.1", listening.resolve);
        await listening.promise;
        const address = server.address();
        const port = typeof address === "object" ? address?.port : 0;
        await using service = await openedService(database, { url: `postgres://km:${PLANTED}@127.0.0.1:${port}/x` });
        const { code, message } = await service.errorOf("query", { sql: "select 1" }, AbortSignal.timeout(timeoutMs));
        expect([code, message.includes(PLANTED)]).toEqual(["SVC_003", false]);
        server.close();
      }
      await using service = await openedService(database, { url: `postgres://km:${PLANTED}@127.0.0.1:1/x` });
      const { code, message } = await service.errorOf("query", { sql: "select 1" });
      expect([code, message.includes(PLANTED)]).toEqual(["SVC_003", false]);
      expect((await service.run("list", {})).data).toMatchObject({ connections: [{ ready: false }] });
    },
    TIMEOUT,
  );
});
