/** What is secret of a server that is reached by HTTP stands in no argument and no variable of the processes that km starts. */
import { afterEach, beforeEach, expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { modern, result, serve } from "../http/remote-client.ts";
import { commandLine, descendants } from "./descendants.ts";
import { type Home, KM, makeHome } from "./km.ts";
import { test } from "./linux-test.ts";
import { META, modern as modernHeaders, startProxy } from "./run-proxy.ts";

const SECRET = /hidden-/;
const CALL = JSON.stringify({ jsonrpc: "2.0", ...modern(1, "tools/call", { name: "x" }) });

let home: Home;
beforeEach(() => (home = makeHome()));
afterEach(() => home[Symbol.dispose]());

function start(words: string[], env: Record<string, string> = {}) {
  const km = Bun.spawn([KM, ...words], {
    env: { ...home.env, ...env },
    cwd: home.folder,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = km.stdout.getReader();
  return {
    pid: km.pid,
    async ask(): Promise<string> {
      await km.stdin.write(`${CALL}\n`);
      await km.stdin.flush();
      const { value } = await output.read();
      return Buffer.from(value ?? []).toString();
    },
    async [Symbol.asyncDispose]() {
      await km.stdin.end();
      await output.cancel();
      await km.exited;
    },
  };
}

function seenOf(pid: number): string {
  return commandLine(pid) + readFileSync(`/proc/${pid}/environ`, "utf8");
}

/** Literals, as a person may write them who does not know of references. */
const AUTH = [
  { auth: { type: "bearer", token: "hidden-token" }, sent: "Bearer hidden-token" },
  { auth: { type: "basic", username: "ada", password: "hidden-word" }, sent: `Basic ${btoa("ada:hidden-word")}` },
];

test.each(AUTH)("a registered server with %p", async ({ auth, sent }) => {
  using server = serve(({ message }) => result(message.id));
  mkdirSync(join(home.folder, "config"), { recursive: true });
  const team = { url: `${server.url}?key=hidden-query`, headers: { "x-key": "hidden-header" }, auth };
  const near = { command: ["km-none"], env: { KEY: "hidden-variable" } };
  const servers = { team: { ...team, fallback: ["near"] }, near };
  writeFileSync(join(home.folder, "config", "servers.yaml"), JSON.stringify({ version: 1, servers }));
  await using km = start(["monitor", "--use", "team"]);
  expect(await km.ask()).toContain('"result"');
  expect(server.seen[0]?.headers.get("authorization")).toBe(sent);
  expect(server.seen[0]?.headers.get("x-key")).toBe("hidden-header");
  const processes = [km.pid, ...descendants(km.pid)];
  expect(processes.some((pid) => commandLine(pid).includes("__upstream team"))).toBe(true);
  expect(processes.map(seenOf).join("\n")).not.toMatch(SECRET);
});

test("what an address, flags and variables of km monitor have in them goes no further than km monitor", async () => {
  using server = serve(({ message }) => result(message.id));
  const url = `${server.url.replace("://", "://ada:hidden-word@")}?key=hidden-query`;
  const ways = [
    { words: ["monitor", "--url", url, "--header", "x-key: hidden-header"], env: {} },
    { words: ["monitor"], env: { KM_URL: url, KM_HEADERS: "x-key: hidden-header" } },
  ];
  for (const { words, env } of ways) {
    await using km = start(words, env);
    expect(await km.ask()).toContain('"result"');
    expect(server.seen.at(-1)?.headers.get("x-key")).toBe("hidden-header");
    expect(server.seen.at(-1)?.headers.get("authorization")).toBe(`Basic ${btoa("ada:hidden-word")}`);
    const processes = descendants(km.pid);
    expect(processes.some((pid) => commandLine(pid).includes("__remote"))).toBe(true);
    expect(processes.map(seenOf).join("\n")).not.toMatch(SECRET);
  }
});

test("what an address, flags and variables of km proxy have in them goes no further than km proxy", async () => {
  using server = serve(({ message }) => result(message.id));
  const url = `${server.url.replace("://", "://ada:hidden-word@")}?key=hidden-query`;
  const ways = [
    { flags: ["--url", url, "--header", "x-key: hidden-header"], env: {} },
    { flags: [], env: { KM_URL: url, KM_HEADERS: "x-key: hidden-header" } },
  ];
  for (const { flags, env } of ways) {
    await using proxy = await startProxy({ ...home, env: { ...home.env, ...env } }, flags, []);
    const answer = await proxy.post(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x",${META}}}`,
      modernHeaders("tools/call", "x"),
    );
    expect(await answer.text()).toContain('"result"');
    expect(server.seen.at(-1)?.headers.get("x-key")).toBe("hidden-header");
    expect(server.seen.at(-1)?.headers.get("authorization")).toBe(`Basic ${btoa("ada:hidden-word")}`);
    const processes = descendants(proxy.pid);
    expect(processes.map(commandLine).join("\n")).toMatch(/ monitor [^]* __remote /);
    expect(processes.map(seenOf).join("\n")).not.toMatch(SECRET);
  }
});

test("what an address and flags of km call --record have in them goes no further than km call", async () => {
  let processes = "";
  using server = serve(({ message }) => {
    processes = descendants(km.pid).map(seenOf).join("\n");
    return result(message.id);
  });
  const url = `${server.url}?key=hidden-query`;
  const words = ["call", "--record", "--url", url, "--header", "x-key: hidden-header", "x"];
  const km = Bun.spawn([KM, ...words], { env: home.env, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  await km.exited;
  expect(server.seen.at(-1)?.headers.get("x-key")).toBe("hidden-header");
  expect(processes).toMatch(/monitor[^]*__remote/);
  expect(processes).not.toMatch(SECRET);
});

test("a km monitor that is told to read its order, and is given none, says so", () => {
  const run = Bun.spawnSync([KM, "monitor"], {
    env: { ...home.env, KM_ADDRESS_SIZE: "5" },
    stdin: Buffer.from("[]\n"),
  });
  expect(run.exitCode).toBe(2);
  expect(run.stderr.toString()).toContain("Unset it");
});

test("what is larger than a pipe arrives, too", async () => {
  using server = serve(({ message }) => result(message.id));
  mkdirSync(join(home.folder, "config"), { recursive: true });
  const servers: Record<string, object> = {
    team: { url: server.url, fallback: ["a", "b", "c", "d", "e", "f", "g", "h"] },
  };
  for (const name of ["a", "b", "c", "d", "e", "f", "g", "h"])
    servers[name] = { url: server.url, headers: { "x-large": "y".repeat(16_000) } };
  writeFileSync(join(home.folder, "config", "servers.yaml"), JSON.stringify({ version: 1, servers }));
  for (const pump of ["poll", "streams"]) {
    await using km = start(["monitor", "--use", "team"], { KM_PUMP: pump });
    expect(await km.ask()).toContain('"result"');
  }
});

test.each(["__remote", "__upstream"])("km %s says by hand what to use in its place", async (name) => {
  const run = Bun.spawnSync([KM, name, "x"], { env: home.env, stdin: Buffer.from("[]\n") });
  expect(run.exitCode).toBe(2);
  expect(run.stderr.toString()).toContain("No server is given");
  const wrong = Bun.spawnSync([KM, name, "x"], {
    env: { ...home.env, KM_ORDER: "stdin" },
    stdin: Buffer.from("[{}]\n"),
  });
  expect(wrong.exitCode).toBe(2);
});
