/** `oneStatement`, `checkReads`, `changeKind` and `calledNames`: what a statement is, by its words. */
import { expect, test } from "bun:test";
import { KmError } from "../../../src/errors.ts";
import { calledNames, changeKind, checkReads, oneStatement } from "../../../src/services/database/sql/one-statement.ts";
import { tokensOf } from "../../../src/services/database/sql/tokens.ts";

type Dialect = Parameters<typeof oneStatement>[1];

const TEXTS: [Dialect, string][] = [
  ["postgres", "select ';', E'\\';', $$;$$, $a$;$b$;$a$, \";\", b';', 'it''s;' -- ;\n/* ; /* ; */ ; */"],
  ["mysql", "select ';', '\\';', \";\", \"\\\";\", `;`, 'it''s;' -- ;\n/* ; */ # ;"],
  ["sqlite", "select ';', \";\", [;], `;`, x';', 'it''s;' -- ;\n/* ; */"],
];

test.each(TEXTS)("%s: a semicolon in texts, names and comments separates nothing", (dialect, sql) => {
  expect(oneStatement(sql, dialect).at(0)).toEqual({ kind: "word", text: "select" });
});

test.each([
  ["postgres", "select 'x"],
  ["postgres", "select $$ x $a$"],
  ["postgres", "select /* /* */"],
  ["postgres", 'select U&"\\0061"'],
  ["postgres", "select '\\'; commit; --'"],
  ["mysql", "select 1 /*!50000 + 1 */"],
  ["mysql", "select 1 /*M! + 1 */"],
  ["mysql", "select `x"],
  ["mysql", "select 'x\\'"],
  ["sqlite", "select [x"],
  ["sqlite", "select 1 /* x"],
  ["postgres", "select 1; select 2"],
  ["mysql", "select 1; select 2"],
  ["sqlite", " ; ; "],
] as const)("%s: not one whole statement: %s", (dialect, sql) => {
  expect(() => oneStatement(sql, dialect)).toThrow(KmError);
});

test.each([
  ["postgres", "insert into t values (1)", "adds"],
  ["postgres", "insert into t values (1) on conflict do nothing", "adds"],
  ["postgres", "insert into t values (1) on conflict (a) do update set b = 1", "changes"],
  ["postgres", "create table t (a int references u on delete cascade on update restrict)", "adds"],
  ["postgres", "create unique index concurrently i on t (a)", "adds"],
  ["postgres", "create or replace view v as select 1", "changes"],
  ["postgres", "create function f() returns int language sql as 'select 1'", "changes"],
  ["postgres", "create role x", "changes"],
  ["postgres", "with x as (delete from t returning *) insert into u select * from x", "changes"],
  ["postgres", "select lo_unlink(1)", "changes"],
  ["postgres", "drop table t", "changes"],
  ["mysql", "insert into t (a) values (replace('a', 'b', 'c'))", "adds"],
  ["mysql", "insert into t (a) values (1) on duplicate key update a = 2", "changes"],
  ["mysql", "replace into t values (1)", "changes"],
  ["sqlite", "insert or replace into t values (1)", "changes"],
  ["sqlite", "create trigger g after insert on t begin delete from u; end", "changes"],
] as const)("%s: %s: %p", (dialect, sql, kind) => {
  expect(changeKind(oneStatement(sql, dialect), dialect)).toBe(kind);
});

test.each([
  ["postgres", "copy t to program 'x'"],
  ["postgres", "set role x"],
  ["postgres", "begin"],
  ["mysql", "load data infile 'x' into table t"],
  ["mysql", "insert into t select 1 into outfile 'x'"],
  ["sqlite", "attach 'x' as y"],
  ["sqlite", "vacuum into 'x'"],
  ["sqlite", "pragma writable_schema = 1"],
] as const)("%s: not done at all: %s", (dialect, sql) => {
  expect(() => changeKind(oneStatement(sql, dialect), dialect)).toThrow(KmError);
});

test.each([
  ["sqlite", "pragma table_info(t)", true],
  ["sqlite", "pragma main.table_info('t')", true],
  ["sqlite", "pragma journal_mode", true],
  ["sqlite", "pragma journal_mode = wal", false],
  ["sqlite", "pragma main.journal_mode = wal", false],
  ["sqlite", "pragma user_version(5)", false],
  ["mysql", "analyze format=json select 1", true],
  ["mysql", "analyze table t", false],
] as const)("%s: %s: only reads: %p", (dialect, sql, isReading) => {
  const check = () => checkReads(oneStatement(sql, dialect), dialect);
  if (isReading) expect(check).not.toThrow();
  else expect(check).toThrow(KmError);
});

test("names of what is called, and of what might be", () => {
  const tokens = oneStatement(`select a.B, "F" (1), pg_catalog . g /* x */ (2), 'h(', t."i" from j`, "postgres");
  expect(calledNames(tokens)).toEqual({ called: ["F", "g"], selected: ["b", "i"] });
});

test("a long text takes no longer than its length", () => {
  const many = "''".repeat(200_000);
  for (const dialect of ["postgres", "mysql", "sqlite"] as const) {
    expect(tokensOf(`select '${many}'`, dialect).problem).toBeUndefined();
    expect(tokensOf(`select '${many}`, dialect).problem).toBeDefined();
    expect(tokensOf(`select ${"(/**/".repeat(100_000)}`, dialect).problem).toBeUndefined();
  }
});
