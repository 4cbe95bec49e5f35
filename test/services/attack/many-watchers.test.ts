/** Clients that want to hear of everything: more than they may, and from more sessions than there are processes for files. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startServe } from "../host/run-serve.ts";
import { call, post, session, textOf } from "./raw-http.ts";

const TIMEOUT = 120_000;
/** More than there are processes for files. */
const SESSIONS = 8;
const MOST = 100;

test(
  "many sessions that watch as much as they may do not keep others from their answers",
  async () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "km-watchers-")));
    mkdirSync(join(root, "many"));
    const uris = Array.from({ length: MOST + 1 }, (_, at) => {
      const file = join(root, `many/${at}.txt`);
      writeFileSync(file, "text");
      return pathToFileURL(file).href;
    });
    await using km = await startServe(["filesystem"], {
      settings: `services: { filesystem: { roots: [${JSON.stringify(root)}] } }\n`,
    });
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, async () => await session(km)));
    await Promise.all(
      sessions.map(async (own) => {
        for (const [at, uri] of uris.entries()) {
          const message = { jsonrpc: "2.0", id: at + 1, method: "resources/subscribe", params: { uri } };
          const { message: answer } = await post(km, message, { session: own });
          expect([at, answer.error === undefined]).toEqual([at, at < MOST]);
        }
      }),
    );
    for (let time = 0; time < 20; time++) {
      const read = await call(km, "filesystem_read_file", { path: join(root, "many/1.txt") });
      expect(textOf(read)).toContain("text");
    }
    rmSync(root, { recursive: true, force: true });
  },
  TIMEOUT,
);
