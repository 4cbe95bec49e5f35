/** Other logins than by a code alone, with the built binary: what a user writes, and what km says of it. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startAuthorizationServer } from "../oauth/authorization-server.ts";
import { startIdentityProvider } from "../oauth/identity-provider.ts";
import { browse } from "../oauth/logging-in.ts";
import { startProtectedServer } from "../oauth/protected-server.ts";
import { confirm, startRealProvider } from "../oauth/real-provider.ts";
import { makeTokens } from "../oauth/token-maker.ts";
import { type Home, makeHome } from "./km.ts";
import { type Running, startKm } from "./running.ts";

let stack: AsyncDisposableStack;
let home: Home;
let env: Record<string, string>;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  home = stack.use(makeHome());
  const passphrase = join(home.folder, "passphrase");
  writeFileSync(passphrase, "a passphrase for a test\n", { mode: 0o600 });
  env = { ...home.env, KM_PASSPHRASE_FILE: passphrase };
});
afterEach(async () => await stack.disposeAsync());

test("tokens that are bound to a key: login, session, and km health", async () => {
  const { url, verifier } = await startRealProvider(stack, { seconds: 60, isBound: true });
  const login = run(["servers", "login", "--url", url, "--no-browser", "--json"]);
  await confirm(await login.page());
  expect(await login.exited).toBe(0);
  expect(login.heard()).toContain("Scopes: read; bound to a key of this login (DPoP); renewed by itself");
  expect(JSON.parse(await login.stdout)).toMatchObject({ token_type: "DPoP", renewable: true });
  expect(await answered(["monitor", "--url", url])).toMatchObject({ id: 1, result: { has: ["read"] } });
  verifier.renewNonce();
  const health = run(["health", "--url", url, "--verbose"]);
  await health.exited;
  expect(await health.stdout).toMatch(/authentication +ok .* DPoP, with a token that is bound to km's key/);
  expect(readFileSync(join(home.data, "server-secrets.json"), "latin1")).not.toContain("PRIVATE KEY");
}, 120_000);

test("a workload: nobody is asked, not even by km health, and km servers show says by what it is known", async () => {
  const platform = makeTokens("https://platform.example");
  const issuer = stack.use(startAuthorizationServer());
  issuer.behaviour.asserted = async ({ parameters }) =>
    (await platform.read(parameters["assertion"] ?? "", issuer.issuer)) && ["read"];
  const server = stack.use(startProtectedServer(issuer));
  const file = join(home.folder, "token");
  const rotate = async (seconds: number) =>
    writeFileSync(file, await platform.make({ aud: issuer.issuer }, seconds), { mode: 0o600 });
  await rotate(-60);
  registry(`{ url: "${server.url}", auth: { type: workload, assertion: { file: ${JSON.stringify(file)} } } }`);

  const show = run(["servers", "show", "team"]);
  expect(await show.exited).toBe(0);
  expect(await show.stdout).toContain(`auth       workload, by ${file}\n`);

  const expired = run(["servers", "login", "team"]);
  expect(await expired.exited).toBe(4);
  expect(expired.heard()).toContain(`the token of this workload, ${file}, has expired`);
  await rotate(300);
  const health = run(["health", "team", "--verbose"]);
  await health.exited;
  expect(await health.stdout).toMatch(/authentication +ok .* Bearer, with what is known here/);
  expect(await answered(["monitor", "--use", "team"])).toMatchObject({ id: 1, result: { scopes: ["read"] } });
  const login = run(["servers", "login", "team"]);
  expect(await login.exited).toBe(0);
  expect(login.heard()).toContain("Scopes: read; renewed by itself");
}, 120_000);

test("an identity provider: one sign-on, then a session, and km servers logout ends both", async () => {
  const idp = stack.use(startIdentityProvider("km-at-idp", "idp-secret", "km-at-server"));
  const issuer = stack.use(startAuthorizationServer({ clients: { "km-at-server": undefined } }));
  issuer.behaviour.asserted = async (asked) => await idp.readJag(asked, issuer.issuer);
  const server = stack.use(startProtectedServer(issuer));
  const auth = `{ type: enterprise, client_id: km-at-server, idp: { issuer: "${idp.issuer}", client_id: km-at-idp, client_secret: "\${env:IDP_SECRET}" } }`;
  registry(`{ url: "${server.url}", auth: ${auth} }`);
  env = { ...env, IDP_SECRET: "idp-secret" };

  const show = run(["servers", "show", "team"]);
  expect(await show.stdout).toContain(`auth       enterprise, by ${idp.issuer}\n`);
  const health = run(["health", "team"]);
  await health.exited;
  expect((await health.stdout) + health.heard()).toContain("Run km servers login team.");

  const login = run(["servers", "login", "team", "--no-browser"]);
  await login.hears(`at ${idp.issuer}, open this page`);
  await browse(await login.page());
  expect(await login.exited).toBe(0);
  expect(await answered(["monitor", "--use", "team"])).toMatchObject({ id: 1 });
  expect([idp.http.to("/authorize").length, idp.exchanges.length]).toEqual([1, 1]);

  const logout = run(["servers", "logout", "team"]);
  expect(await logout.exited).toBe(0);
  const again = run(["servers", "login", "team", "--no-browser"]);
  await again.page();
  again.interrupt();
  expect(await again.exited).toBe(130);
}, 120_000);

function registry(server: string): void {
  mkdirSync(join(home.folder, "config"), { recursive: true });
  writeFileSync(join(home.folder, "config", "servers.yaml"), `version: 1\nservers:\n  team: ${server}\n`);
}

/** What a session answers to one request. */
async function answered(words: string[]): Promise<unknown> {
  const session = run(words);
  session.send({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const answer = await session.line();
  session.end();
  await session.exited;
  return answer;
}

function run(words: string[]): Running {
  return startKm(words, { env, cwd: home.folder, stack });
}
