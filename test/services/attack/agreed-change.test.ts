/** What a person has agreed to is done only while it is the same thing: not to other rows, and not to another index of the same name. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectServe } from "../serve-client.ts";

const TIMEOUT = 60_000;
const CHANGED = "What would happen has changed since; look again.";

test(
  "rows that are deleted are those that were shown, not as many others",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "km-agreed-"));
    const file = join(folder, "shop.db");
    const run = (sql: string): void => {
      using database = new Database(file);
      database.run(sql);
    };
    run("create table users (id integer primary key, name text, gone integer)");
    run("insert into users values (1, 'ada', 1), (2, 'eve', 0)");
    const asked: string[] = [];
    let meanwhile = (): void => undefined;
    await using km = await connectServe(["database"], {
      settings: JSON.stringify({ services: { database: { url: `sqlite://${file}` } } }),
      flags: ["--toolsets", "all", "--allow", "destructive"],
      confirm(message) {
        asked.push(message);
        meanwhile();
        return "accept";
      },
    });
    const sql = "delete from users where gone = 1 returning name";
    meanwhile = () => run("update users set gone = 1 - gone");
    const refused = await km.call("database_modify", { sql });
    expect(asked.at(-1)).toContain("ada");
    expect([refused.isError, refused.text]).toEqual([true, CHANGED]);
    meanwhile = () => undefined;
    const done = await km.call("database_modify", { sql });
    expect(asked.at(-1)).toContain("eve");
    expect([done.isError, done.text]).toEqual([false, "Done.\n1 row affected\nname\neve"]);
    rmSync(folder, { recursive: true, force: true });
  },
  TIMEOUT,
);

test(
  "an index that was made anew under its name is not the one that was shown",
  async () => {
    const deleted: string[] = [];
    let uuid = "first";
    let docs = 3;
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        const { pathname } = new URL(request.url);
        if (request.method === "DELETE") {
          deleted.push(pathname);
          return Response.json({ acknowledged: true });
        }
        if (pathname.startsWith("/_cat/indices")) {
          return Response.json([{ index: "logs", uuid, "docs.count": String(docs), "store.size": "100" }]);
        }
        return Response.json(
          { error: { type: "index_not_found_exception", reason: "none" }, status: 404 },
          { status: 404 },
        );
      },
    });
    let meanwhile = (): void => undefined;
    await using km = await connectServe(["elasticsearch"], {
      settings: JSON.stringify({ services: { elasticsearch: { url: server.url.origin } } }),
      flags: ["--toolsets", "all", "--allow", "destructive"],
      confirm: () => (meanwhile(), "accept"),
    });
    meanwhile = () => void (uuid = "second");
    const refused = await km.call("elasticsearch_delete_index", { index: "logs" });
    expect([refused.text, deleted]).toEqual([CHANGED, []]);
    meanwhile = () => void docs++;
    await km.call("elasticsearch_delete_index", { index: "logs" });
    expect(deleted).toEqual(["/logs"]);
  },
  TIMEOUT,
);
