/** Logins at servers with the built binary: in a terminal, for a session that waits, and what is left of them on the disk. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AuthorizationServer, startAuthorizationServer } from "../oauth/authorization-server.ts";
import { browse } from "../oauth/logging-in.ts";
import { type ProtectedServer, startProtectedServer } from "../oauth/protected-server.ts";
import { type Home, makeHome } from "./km.ts";
import { type Running, startKm } from "./running.ts";

let stack: AsyncDisposableStack;
let home: Home;
let issuer: AuthorizationServer;
let server: ProtectedServer;
let env: Record<string, string>;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  home = stack.use(makeHome());
  issuer = stack.use(startAuthorizationServer());
  server = stack.use(startProtectedServer(issuer));
  const passphrase = join(home.folder, "passphrase");
  writeFileSync(passphrase, "a passphrase for a test\n", { mode: 0o600 });
  env = { ...home.env, KM_PASSPHRASE_FILE: passphrase };
});
afterEach(async () => await stack.disposeAsync());

test("km servers login, a session that needs nobody, and km servers logout", async () => {
  const login = run(["servers", "login", "--url", server.url, "--scope", "read", "--no-browser", "--json"]);
  await browse(await login.page());
  expect(await login.exited).toBe(0);
  expect(JSON.parse(await login.stdout)).toEqual({
    server: server.url,
    issuer: issuer.issuer,
    client_id: expect.any(String),
    scopes: ["read"],
    token_type: "Bearer",
    expires_at: expect.any(String),
    renewable: true,
  });

  const session = run(["monitor", "--url", server.url]);
  session.send({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  expect(await session.line()).toEqual({ jsonrpc: "2.0", id: 1, result: { scopes: ["read"] } });
  session.end();
  await session.exited;

  const tokens = [...issuer.access.keys(), ...issuer.refresh.keys()];
  expect(tokens).toHaveLength(2);
  for (const file of filesBelow(home.folder)) {
    const text = readFileSync(file, "latin1");
    for (const token of tokens) expect(`${file} ${text.includes(token)}`).toBe(`${file} false`);
    if (process.platform !== "win32") expect(statSync(file).mode & 0o077).toBe(0);
  }
  for (const { heard } of [login, session]) expect(tokens.filter((token) => heard().includes(token))).toEqual([]);

  const logout = run(["servers", "logout", "--url", server.url]);
  expect(await logout.exited).toBe(0);
  expect(logout.heard()).toBe(`km: Logged out of ${server.url}\n`);
  expect(issuer.refresh.size).toBe(0);
  const again = run(["servers", "logout", "--url", server.url]);
  await again.exited;
  expect(again.heard()).toBe(`km: Nobody was logged in to ${server.url}\n`);
}, 60_000);

test("a session without a browser says what to do, and goes on when somebody has logged in in a terminal", async () => {
  const session = run(["monitor", "--url", server.url]);
  session.send({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  await session.hears(`or run km servers login --url ${server.url} in a terminal`);
  const login = run(["servers", "login", "--url", server.url, "--no-browser"]);
  await browse(await login.page());
  expect(await login.exited).toBe(0);
  expect(await session.line()).toMatchObject({ id: 1, result: { scopes: [] } });
  expect(issuer.to("/authorize")).toHaveLength(1);
  session.end();
  await session.exited;
}, 60_000);

test.skipIf(process.platform !== "linux")(
  "a browser is opened where there is one",
  async () => {
    const folder = join(home.folder, "bin");
    mkdirSync(folder);
    const program = join(folder, "xdg-open");
    writeFileSync(program, `#!/bin/sh\nprintf %s "$1" > "${join(home.folder, "opened")}"\n`);
    chmodSync(program, 0o755);
    const shown = { ...env, PATH: `${folder}:${env["PATH"] ?? ""}`, DISPLAY: ":0" };
    const login = run(["servers", "login", "--url", server.url], shown);
    const page = await login.page();
    await login.hears("It is opened in your browser");
    await browse(page);
    expect(await login.exited).toBe(0);
    expect(readFileSync(join(home.folder, "opened"), "utf8")).toBe(page);
  },
  60_000,
);

test("a login that is interrupted ends with 130, and one that cannot be kept bothers nobody", async () => {
  const login = run(["servers", "login", "--url", server.url, "--no-browser"]);
  await login.page();
  login.interrupt();
  expect(await login.exited).toBe(130);
  expect(login.heard()).toContain("Interrupted; nobody was logged in");

  const kept = join(home.data, "server-secrets.json");
  mkdirSync(home.data, { recursive: true });
  writeFileSync(kept, "damaged");
  const other = run(["servers", "login", "--url", server.url, "--no-browser"]);
  expect(await other.exited).not.toBe(0);
  expect(other.heard()).toContain(kept);
  expect(issuer.to("/authorize")).toEqual([]);
}, 60_000);

test.each([
  [["--url", "ftp://example.com"], 2, "is not the address of a server"],
  [[], 2, "Give the name of a server, or its address with --url"],
  [["nobody"], 1, "nobody"],
  [["--url", "http://127.0.0.1:1/mcp"], 4, "Cannot log in to http://127.0.0.1:1/mcp: it cannot be reached"],
])(
  "km servers login %j ends with %i and says why",
  async (words, code, reason) => {
    const login = run(["servers", "login", ...words]);
    expect(await login.exited).toBe(code);
    expect(login.heard()).toContain(reason);
    expect(await login.stdout).toBe("");
  },
  30_000,
);

test("km servers login at a server that wants no login says so", async () => {
  const open = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (got) => (got.url.endsWith("/mcp") ? Response.json({}) : new Response("", { status: 404 })),
  });
  stack.defer(async () => await open.stop(true));
  const login = run(["servers", "login", "--url", `http://127.0.0.1:${open.port}/mcp`]);
  expect(await login.exited).toBe(4);
  expect(login.heard()).toContain("it does not ask for a login");
}, 30_000);

function run(words: string[], environment = env): Running {
  return startKm(words, { env: environment, cwd: home.folder, stack });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}
