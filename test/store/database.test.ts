/** The handle on both databases: transactions that hold, values that stay values, refusals that say why. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../src/store/database.ts";
import { MIGRATIONS, migrate } from "../../src/store/migrate.ts";
import { at, sql, timeOf } from "../../src/store/statement.ts";
import { isDuplicate, isUnavailable } from "../../src/store/store-error.ts";
import { emptySqlite, NOW, onBoth } from "./databases.ts";

setDefaultTimeout(30_000);

const SOURCE = join(import.meta.dir, "../../src/store");
/** A km that starts. One process for each: waiting for SQLite's lock stops all of its process. */
const MIGRATES = `
  import { openDatabase } from "./database.ts";
  import { migrate } from "./migrate.ts";
  const db = await openDatabase(process.argv[1]);
  for (const step of await migrate(db, Date.now())) console.log(step);
  await db.close();
`;

onBoth((fresh, ready) => {
  test("transaction undoes everything when it fails, and nothing of those beside it", async () => {
    await using store = await ready();
    const name = (value: string, id: string) => sql`update customers set name = ${value} where id = ${id}`;
    let opened = (): void => {};
    const open = new Promise<void>((resolve) => (opened = resolve));
    let write = (): void => {};
    const written = new Promise<void>((resolve) => (write = resolve));
    const failing = store.db.transaction(async (tx) => {
      await tx.run(name("lost", "cus_a"));
      opened();
      await written;
      throw new Error("undone");
    });
    await open;
    const beside = store.db.run(name("kept", "cus_b"));
    // On SQLite it waits for the transaction; on PostgreSQL, and where it should go wrong, it is over now.
    await Promise.race([beside, Bun.sleep(50)]);
    write();
    await expect(failing).rejects.toThrow("undone");
    await beside;
    const rows = await store.db.rows(sql`select name from customers order by id`);
    expect(rows).toEqual([{ name: "cus_a" }, { name: "kept" }]);
  });

  test("insert adds all rows or none, and leaves a connection that can be used", async () => {
    await using store = await ready();
    const table = { name: "customers", columns: ["id", "name", "tier", "created_at"] };
    const row = (id: string, tier = "pro") => [id, id, tier, at(NOW)];
    const known: unknown = await store.db.insert(table, [row("cus_c"), row("cus_b")]).catch((error: unknown) => error);
    expect(isDuplicate(known)).toBeTrue();
    const wrong: unknown = await store.db
      .insert(table, [row("cus_c"), row("cus_d", "x")])
      .catch((error: unknown) => error);
    expect([wrong instanceof Error, isDuplicate(wrong)]).toEqual([true, false]);
    for (let attempt = 0; attempt < 12; attempt++) await store.db.insert(table, [row("cus_b")]).catch(() => undefined);
    await store.db.insert(table, [row("cus_c"), row("cus_d")]);
    const rows = await store.db.rows(sql`select id, created_at from customers order by id`);
    expect(rows.map(({ id, created_at }) => [id, timeOf(created_at)])).toEqual(
      ["cus_a", "cus_b", "cus_c", "cus_d"].map((id) => [id, NOW]),
    );
  });

  test("transaction refuses the outer handle inside of it rather than waiting for itself", async () => {
    await using store = await ready();
    const wrong = store.db.transaction(() => store.db.ping());
    await Promise.allSettled([wrong]);
    expect(wrong).rejects.toThrow("use the handle");
    await store.db.ping();
  });

  test("sql keeps values out of the text, and moments to the millisecond", async () => {
    await using store = await ready();
    const hostile = "'; drop table customers; --\"\\ $1 ? é";
    await store.db.run(sql`update customers set name = ${hostile}, disabled_at = ${at(NOW + 7)} where id = ${"cus_a"}`);
    const [row] = await store.db.rows(sql`select name, disabled_at, created_at from customers where id = ${"cus_a"}`);
    expect(row?.["name"]).toBe(hostile);
    expect([timeOf(row?.["disabled_at"]), timeOf(row?.["created_at"])]).toEqual([NOW + 7, NOW]);
  });

  test("migrate applies each step once, also when several start at once", async () => {
    await using empty = await fresh();
    const children = [1, 2, 3, 4].map(() =>
      Bun.spawn([process.execPath, "-e", MIGRATES, empty.url], { cwd: SOURCE, stdout: "pipe", stderr: "inherit" }),
    );
    const applied = await Promise.all(
      children.map(async ({ stdout }) => (await stdout.text()).split("\n").filter(Boolean)),
    );
    expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0, 0]);
    expect(applied.flat().sort()).toEqual(MIGRATIONS.map((one) => one.name));
  });

  test("migrate refuses a newer database and a changed step, and undoes a step that fails", async () => {
    await using empty = await fresh();
    const db = await openDatabase(empty.url);
    const both = (text: string) => ({ sqlite: text, postgres: text });
    const broken = [{ name: "001-a", text: both("create table kept (a integer); create table kept (a integer)") }];
    expect((await Promise.allSettled([migrate(db, NOW, broken)]))[0].status).toBe("rejected");
    const steps = [
      { name: "001-a", text: both("create table kept (a integer)") },
      { name: "002-b", text: both("create table more (a integer)") },
    ];
    expect(await migrate(db, NOW, steps)).toEqual(["001-a", "002-b"]);
    await Promise.all([
      expect(migrate(db, NOW, steps.slice(0, 1))).rejects.toThrow("a newer km changed it (002-b)"),
      expect(migrate(db, NOW, [{ name: "001-a", text: both("select 1") }])).rejects.toThrow("001-a is not the one"),
    ]);
    await db.close();
  });
});

test("a full SQLite file is an outage: what was stored stays, and it goes on when there is room again", async () => {
  await using empty = await emptySqlite();
  const db = await openDatabase(empty.url);
  await db.script("create table kept (a text)");
  await db.run(sql`insert into kept values (${"before"})`);
  const limit = (pages: number) => db.script(`pragma max_page_count = ${pages}`);
  const add = () => db.insert({ name: "kept", columns: ["a"] }, [["x".repeat(1_000_000)]]);
  await limit(10);
  const full: unknown = await add().catch((error: unknown) => error);
  expect(isUnavailable(full)).toBeTrue();
  expect(await db.rows(sql`select a from kept`)).toEqual([{ a: "before" }]);
  await limit(1_000_000);
  await add();
  expect(await db.rows(sql`select count(*) as rows from kept`)).toEqual([{ rows: 2 }]);
  await db.close();
});

test("openDatabase refuses what it does not know without repeating the URL", async () => {
  for (const url of ["mysql://u:secret@h/d", "sqlite://relative", "", "postgres://u:secret@127.0.0.1:1/d"]) {
    const error: unknown = await openDatabase(url).catch((reason: unknown) => reason);
    expect(String(error)).toContain("Cannot open database");
    expect(String(error)).not.toContain("secret");
  }
});

onBoth((fresh) => {
  test("openDatabase makes a SQLite file that only its owner reads", async () => {
    await using empty = await fresh();
    const db = await openDatabase(empty.url);
    await migrate(db, NOW);
    if (db.dialect === "sqlite" && process.platform !== "win32") {
      for (const end of ["", "-wal", "-shm"]) expect(statSync(empty.url.slice(9) + end).mode & 0o777).toBe(0o600);
      expect(await db.rows(sql`pragma synchronous`)).toEqual([{ synchronous: 2 }]);
    }
    await db.close();
  });
});
