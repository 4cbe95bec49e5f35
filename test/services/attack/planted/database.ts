/** Plants secrets in databases: in columns whose names say so, in texts, in definitions, in connections that fail. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { emptyPostgres, HAS_POSTGRES } from "../../../fixtures/postgres.ts";
import { MARIADB, startMariadb, WHY_NO_MARIADB } from "../../database/mariadb-server.ts";
import { ADDRESS, type Plant, PLANTED, SENTENCE, type Step } from "./plant.ts";

const TABLE = "create table users (id integer primary key, name varchar(50), note varchar(500), password varchar(100))";
const ROW = `insert into users (id, name, note, password) values (1, 'ada', '${SENTENCE} ${ADDRESS}', '${PLANTED}')`;
const VIEW = "create view people as select id, name, password as word from users";

/** @param placeholders for two values */
function steps(placeholders: string): Step[] {
  return [
    ["query", { sql: "select * from users" }],
    ["query", { sql: "select id, password from users" }],
    ["query", { sql: "select password as name from users" }],
    ["query", { sql: "select name, upper(password) as name2, password as word from users" }],
    ["query", { sql: "select concat(id, ':', password) as a from users" }],
    ["query", { sql: "select word from people" }],
    ["query", { sql: "select a.b from (select password as b from users) a" }],
    ["query", { sql: "with a (b) as (select password from users) select b from a" }],
    ["query", { sql: "select name from users union all select password from users" }],
    ["query", { sql: `select 1 where password='${PLANTED}'` }],
    ["tables", {}],
    ["describe", { table: "users" }],
    ["describe", { table: "people" }],
    ["search", { search: "pass" }],
    ["explain", { sql: "select * from users" }],
    ["explain", { sql: `select * from users where password = '${PLANTED}'` }],
    ["list", {}],
    [
      "execute",
      { sql: `insert into users (id, name, password) values (${placeholders})`, parameters: [7, "eve", PLANTED] },
    ],
    ["execute", { sql: `insert into users (id, name, password) values (8, 'x', '${PLANTED}')` }],
    ["execute", { sql: `insert into users (id, password) values (1, '${PLANTED}')` }],
    ["modify", { sql: `update users set password = '${PLANTED}2' where id = 1` }],
  ];
}

const RETURNING: Step[] = [
  ["execute", { sql: `insert into users (id, name, password) values (9, 'x', '${PLANTED}') returning *` }],
  ["modify", { sql: "update users set name = 'bob' where id = 1 returning password as name" }],
];

const sqlite: Plant = {
  service: "database",
  of: "SQLite",
  why: "",
  plant(folder) {
    using database = new Database(join(folder, "shop.db"));
    for (const statement of [TABLE, ROW, VIEW]) database.run(statement);
    return Promise.resolve({
      settings: { url: `sqlite://${join(folder, "shop.db")}` },
      steps: [...steps("?, ?, ?"), ...RETURNING],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};

const postgres: Plant = {
  service: "database",
  of: "PostgreSQL",
  why: HAS_POSTGRES ? "" : " (skipped: there is no PostgreSQL for this platform)",
  async plant() {
    const url = await emptyPostgres();
    await using admin = new Bun.SQL(url, { max: 1 });
    for (const statement of [TABLE, ROW, VIEW]) await admin.unsafe(statement);
    return {
      settings: { connections: { default: { url }, wrong: { url: withPassword(url), password: PLANTED } } },
      steps: [
        ...steps("$1, $2, $3"),
        ...RETURNING,
        ["query", { sql: "select u as a from users u" }],
        ["query", { sql: "select row_to_json(u) as a from users u" }],
        ["query", { sql: "select json_agg(u)::text as a from users u" }],
        ["query", { sql: "select 1", connection: "wrong" }],
      ],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

function withPassword(url: string): string {
  const changed = new URL(url);
  changed.password = PLANTED;
  changed.username = "nobody";
  return changed.href;
}

const mariadb: Plant = {
  service: "database",
  of: "MariaDB",
  why: MARIADB === null ? WHY_NO_MARIADB : "",
  async plant() {
    const server = await startMariadb();
    await server.admin.unsafe("create database shop");
    const into = (text: string): string => text.replaceAll(/\b(users|people)\b/g, "shop.$1");
    for (const statement of [TABLE, ROW, VIEW]) await server.admin.unsafe(into(statement));
    await server.admin.unsafe(`create user reader@'%' identified by '${PLANTED}'`);
    await server.admin.unsafe("grant select on shop.* to reader@'%'");
    const at = `127.0.0.1:${server.port}/shop`;
    const end = async (): Promise<void> => await server[Symbol.asyncDispose]();
    return {
      settings: {
        connections: {
          default: { url: `mariadb://root@${at}` },
          reader: { url: `mariadb://reader:${PLANTED}@${at}` },
          wrong: { url: `mariadb://nobody:${PLANTED}@${at}` },
        },
      },
      steps: [
        ...steps("?, ?, ?"),
        ["query", { sql: "select password as name from users", connection: "reader" }],
        ["query", { sql: "show grants", connection: "reader" }],
        ["query", { sql: "select 1", connection: "wrong" }],
      ],
      gone: { end, steps: [["query", { sql: `select '${SENTENCE.replaceAll("'", "")}'` }]] },
      [Symbol.asyncDispose]: end,
    };
  },
};

export const databases = [sqlite, postgres, mariadb];
