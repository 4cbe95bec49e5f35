/** `km monitor --use` where its server fails: what takes its place, what is started again, what is left alone. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../fixtures/free-port.ts";
import { type Home, KM, makeHome } from "./km.ts";

const SERVER = [process.execPath, join(import.meta.dir, "../fixtures/server-offering.ts")];

let home: Home;
beforeEach(() => (home = makeHome()));
afterEach(() => home[Symbol.dispose]());

function register(servers: object): void {
  const folder = join(home.folder, "config");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "servers.yaml"), JSON.stringify({ version: 1, servers }));
}

/** A client that sends a line and reads the next. */
function use(name: string) {
  const child = Bun.spawn([KM, "monitor", "--use", name], {
    env: home.env,
    cwd: home.folder,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const errors = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  let text = "";
  return {
    child,
    errors,
    async ask(
      method: string,
      params: object = {},
      id: number | string = method,
    ): Promise<{ result?: Record<string, unknown>; error?: { code: number; message: string } }> {
      await child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      await child.stdin.flush();
      while (!text.includes("\n")) {
        const { value } = await reader.read();
        if (value === undefined) throw new Error(`ended: ${await errors}`);
        text += Buffer.from(value).toString();
      }
      const line = text.slice(0, text.indexOf("\n"));
      text = text.slice(line.length + 1);
      return JSON.parse(line);
    },
    async end(): Promise<number> {
      await child.stdin.end();
      return await child.exited;
    },
  };
}

test("another server takes the place of one that cannot be reached, and of one that is not there", async () => {
  register({
    far: { url: `http://127.0.0.1:${freePort()}/mcp`, fallback: ["gone", "near"], limits: { retries: 0 } },
    gone: { command: ["km-no-such-program"] },
    near: { command: SERVER },
  });
  const client = use("far");
  expect((await client.ask("initialize")).result).toMatchObject({ serverInfo: { name: "offering" } });
  expect((await client.ask("tools/list")).result).toHaveProperty("tools");
  expect(await client.end()).toBe(0);
  expect(await client.errors).toContain("near takes its place");
});

test("a program that is killed is started again, and the session goes on", async () => {
  register({ files: { command: SERVER, limits: { restarts: 2 } } });
  const client = use("files");
  await client.ask("initialize");
  const pid = async (): Promise<number> =>
    Number((await client.ask("tools/call", { name: "read_file" })).result?.["pid"]);
  const first = await pid();
  process.kill(first, "SIGKILL");
  let second = first;
  for (let tries = 0; second === first || Number.isNaN(second); tries++) {
    expect(tries).toBeLessThan(50);
    second = await pid(); // an error while it is gone
  }
  expect(second).not.toBe(first);
  expect((await client.ask("tools/call", { name: "read_fatal" })).error?.message).toContain("ended before it answered");
  expect(await pid()).not.toBe(second);
  expect(await client.end()).toBe(0);
});

test("a program that crashes too often ends the session", async () => {
  register({ files: { command: SERVER, limits: { restarts: 1 } } });
  const client = use("files");
  await client.ask("initialize");
  for (let n = 0; n < 2; n++) expect((await client.ask("tools/call", { name: "read_fatal" }, n)).error).toBeDefined();
  expect(await client.child.exited).toBe(1);
});

test("a call that is not answered in time is an error", async () => {
  register({ files: { command: SERVER, limits: { timeout: "200ms" } } });
  const client = use("files");
  await client.ask("initialize");
  expect((await client.ask("tools/call", { name: "read_slowly" })).error).toMatchObject({ code: -32001 });
  expect((await client.ask("tools/call", { name: "read_file" })).result).toBeDefined();
  await client.end();
});

test("a server that could not be reached five times is left alone for a while, by all sessions", async () => {
  register({ far: { url: `http://127.0.0.1:${freePort()}/mcp`, limits: { retries: 0 } } });
  for (let n = 0; n < 5; n++) {
    const client = use("far");
    expect((await client.ask("initialize")).error?.message).toContain("refuses the connection");
    await client.end();
  }
  const client = use("far");
  expect((await client.ask("initialize")).error?.message).toContain("5 times in a row");
  await client.end();
  expect(readdirSync(join(home.folder, "state", "breakers"))).toHaveLength(1);
});

test("nothing is left when km is killed", async () => {
  register({ files: { command: SERVER, limits: { restarts: 2 } } });
  const client = use("files");
  await client.ask("initialize");
  const pid = Number((await client.ask("tools/call", { name: "read_file" })).result?.["pid"]);
  client.child.kill("SIGKILL");
  await client.child.exited;
  const isThere = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  for (let waited = 0; isThere() && waited < 200; waited++) await Bun.sleep(50);
  expect(isThere()).toBe(false);
});
