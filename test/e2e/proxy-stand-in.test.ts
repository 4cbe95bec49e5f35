/** `km proxy --url` and `--use` where what stands in for the server ends: the client gets an error at once, and does not wait. */
import { afterEach, beforeEach, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../http/remote-client.ts";
import { commandLine, descendants } from "./descendants.ts";
import { type Home, makeHome } from "./km.ts";
import { test } from "./linux-test.ts";
import { answerIn, META, modern, type Proxy, startProxy } from "./run-proxy.ts";

const CALL = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x",${META}}}`;
const UNRESOLVED = "Cannot resolve ${env:NOT_THERE}";

let home: Home;
beforeEach(() => (home = makeHome()));
afterEach(() => home[Symbol.dispose]());

const call = (proxy: Proxy): Promise<Response> => proxy.post(CALL, modern("tools/call", "x"));

async function ended(pid: number): Promise<void> {
  while (descendants(pid).length > 0) await Bun.sleep(20);
}

test("at its start: the reason is the answer", async () => {
  const url = "http://127.0.0.1:1/mcp";
  await using proxy = await startProxy(home, ["--url", url, "--header", "x-key: ${env:NOT_THERE}"], []);
  const { id, error } = await answerIn(await call(proxy));
  expect({ id, code: error.code }).toEqual({ id: 7, code: -32000 });
  expect(error.message).toContain(UNRESOLVED);
  await expect(proxy.open()).rejects.toThrow(UNRESOLVED);
  await ended(proxy.pid);
});

test("where none of several servers can be started: the reason of the last is the answer", async () => {
  mkdirSync(join(home.folder, "config"), { recursive: true });
  const servers = {
    far: { url: "http://127.0.0.1:1/mcp", headers: { "x-key": "${env:NOT_HERE}" }, fallback: ["near"] },
    near: { command: ["km-none", "${env:NOT_THERE}"] },
  };
  writeFileSync(join(home.folder, "config", "servers.yaml"), JSON.stringify({ version: 1, servers }));
  await using proxy = await startProxy(home, ["--use", "far"], []);
  const { id, error } = await answerIn(await call(proxy));
  expect(id).toBe(7);
  expect(error.message).toContain(UNRESOLVED);
  await expect(proxy.open()).rejects.toThrow(UNRESOLVED);
  await ended(proxy.pid);
});

test("an address that is none: the session cannot begin, and says so", async () => {
  await using proxy = await startProxy(home, ["--url", "mcp.example.com"], []);
  const { error } = await answerIn(await call(proxy));
  expect(error.message).toContain("ended");
  await ended(proxy.pid);
});

test("killed in the middle of a request: that is answered, and the next one has a new one", async () => {
  const asked = Promise.withResolvers<void>();
  const never = Promise.withResolvers<undefined>();
  using server = serve(() => {
    asked.resolve();
    return never.promise;
  });
  await using proxy = await startProxy(home, ["--url", server.url], []);
  const answer = call(proxy);
  await asked.promise;
  const standIn = descendants(proxy.pid).find((pid) => commandLine(pid).includes("__remote"));
  process.kill(standIn ?? 0, "SIGKILL");
  const { id, error } = await answerIn(await answer);
  expect(id).toBe(7);
  expect(error.message).toContain("ended");
});
