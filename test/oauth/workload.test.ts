/** Logins of workloads: with a token of the platform, which goes to the authorization server that it is for, and to no other. */
import { beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RemoteWorkload } from "../../src/http/remote.ts";
import { readToken } from "../../src/oauth/token-source.ts";
import { shownSource } from "../../src/servers/shown-source.ts";
import { isAlive } from "../e2e/processes.ts";
import { startAuthorizationServer } from "./authorization-server.ts";
import { expire, makeUser, request, sendingTo } from "./logging-in.ts";
import { type Setting, settings } from "./setting.ts";
import { makeTokens, type TokenMaker } from "./token-maker.ts";

const { start, use, defer } = settings();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "km-workload-"));
  defer(() => rmSync(folder, { recursive: true, force: true }));
});

interface Platform extends Setting {
  platform: TokenMaker;
  file: string;
  auth: RemoteWorkload;
  /** As a platform does from time to time. */
  rotate(claims?: { aud?: string }, seconds?: number): Promise<string>;
}

/** An authorization server that trusts a platform, which has put a token into a file. */
async function startPlatform(): Promise<Platform> {
  const platform = makeTokens("https://platform.example");
  const setting = start({
    members: { registration_endpoint: undefined, code_challenge_methods_supported: undefined },
    asserted: async ({ parameters }) =>
      (await platform.read(parameters["assertion"] ?? "", setting.issuer.issuer)) &&
      (parameters["scope"]?.split(" ") ?? []),
  });
  const file = join(folder, "token");
  const rotate = async (claims = {}, seconds = 300) => {
    const token = await platform.make(
      { sub: "spiffe://example.org/agent", aud: setting.issuer.issuer, ...claims },
      seconds,
    );
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    return token;
  };
  await rotate();
  return { ...setting, platform, file, rotate, auth: { type: "workload", assertion: { file }, scopes: ["read"] } };
}

test("a workload logs in by the token of its platform, asks nobody, and reads the token anew at each renewal", async () => {
  const { issuer, server, user, auth, rotate } = await startPlatform();
  // Nobody is there.
  user.places = { ...user.places, ask: "never" };
  const authorizer = user.authorizer(server.url, auth);
  expect((await request(authorizer, server.url)).status).toBe(200);
  const first = issuer.to("/token")[0]?.parameters;
  expect(first).toMatchObject({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    resource: server.url,
    scope: "read",
  });
  expect(first).not.toHaveProperty("client_id");

  const next = await rotate();
  expire(user);
  expect((await request(user.authorizer(server.url, auth), server.url)).status).toBe(200);
  expect(issuer.to("/token").at(-1)?.parameters["assertion"]).toBe(next);
  expect(issuer.to("/token")).toHaveLength(2);
  expect([issuer.to("/authorize"), issuer.to("/register")]).toEqual([[], []]);
  for (const text of user.said) expect(text).not.toContain(next);
});

test("a workload that is known as a client says so, and may have its tokens bound to a key", async () => {
  const { issuer, server, user, auth } = await startPlatform();
  issuer.behaviour.clients = { agent: undefined };
  const bound = { ...auth, clientId: "agent", dpop: true };
  await expect(request(user.authorizer(server.url, bound), server.url)).rejects.toThrow("not bound to km's key");
  expect(issuer.to("/token")[0]).toMatchObject({ parameters: { client_id: "agent" }, dpop: expect.any(String) });
});

test("a token for somebody else goes nowhere, whoever the server names", async () => {
  const { issuer, server, user, auth, rotate } = await startPlatform();
  const evil = use(startAuthorizationServer({ asserted: async () => await Promise.resolve([]) }));
  server.authorizationServer = evil;
  const error = await request(user.authorizer(server.url, auth), server.url).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: "LGN_002",
    message: expect.stringContaining(`is for ${issuer.issuer}, and not for`),
  });
  expect(evil.to("/token")).toEqual([]);

  await rotate({ aud: "api://federation" });
  await expect(request(user.authorizer(server.url, auth), server.url)).rejects.toThrow("is for api://federation");
  // Where the user says that it is called so, the user has said who is.
  const named = { ...auth, audience: "api://federation", issuer: issuer.issuer };
  await expect(request(user.authorizer(server.url, named), server.url)).rejects.toThrow(
    "it names the authorization server",
  );
  server.authorizationServer = issuer;
  issuer.behaviour.asserted = async () => await Promise.resolve([]);
  expect((await request(user.authorizer(server.url, named), server.url)).status).toBe(200);
  expect(evil.to("/token")).toEqual([]);
});

test("a command that makes the token is not told of an address where nothing may be sent", async () => {
  const { issuer, server, user, auth, file } = await startPlatform();
  issuer.behaviour.members = { ...issuer.behaviour.members, token_endpoint: "http://as.example/token" };
  const told = `await Bun.write("${file}-told", process.env.KM_AUDIENCE)`;
  const command = { ...auth, assertion: { command: [process.execPath, "-e", told] } };
  await expect(request(user.authorizer(server.url, command), server.url)).rejects.toThrow("it has to be https");
  expect(existsSync(`${file}-told`)).toBe(false);
});

test("a token that has expired, or is none, is said to be so, and not sent", async () => {
  const { issuer, server, user, auth, file, rotate } = await startPlatform();
  await rotate({}, -60);
  await expect(request(user.authorizer(server.url, auth), server.url)).rejects.toThrow(`${file}, has expired`);
  writeFileSync(file, "a.b.c");
  await expect(request(user.authorizer(server.url, auth), server.url)).rejects.toThrow("is no JWT");
  writeFileSync(file, "-----BEGIN PRIVATE KEY-----");
  const error = await request(user.authorizer(server.url, auth), server.url).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ message: expect.stringContaining("what is there is no JWT") });
  expect(String(error)).not.toContain("PRIVATE");
  expect(issuer.to("/token")).toEqual([]);
});

test("a refusal is an error, after which another grant is not tried", async () => {
  const { issuer, server, user, auth } = await startPlatform();
  issuer.behaviour.asserted = async () => await Promise.resolve(undefined);
  await expect(request(user.authorizer(server.url, auth), server.url)).rejects.toThrow("gives no token: invalid_grant");
  expect(issuer.to("/token")).toHaveLength(1);
  expect(issuer.to("/authorize")).toEqual([]);
});

test("a login of another kind is not taken for that of the workload, nor the other way round", async () => {
  const { issuer, server, user, auth } = await startPlatform();
  await request(user.authorizer(server.url, auth), server.url);
  const sending = sendingTo(server.url);
  expect(await user.authorizer(server.url).headers(sending)).toEqual({});
  expect(await user.authorizer(server.url, { ...auth, issuer: "https://other.example" }).headers(sending)).toEqual({});
  expect(await user.authorizer(server.url, { ...auth, clientId: "other" }).headers(sending)).toEqual({});
  expect(await user.authorizer(server.url, { ...auth, dpop: true }).headers(sending)).toEqual({});
  expect(await user.authorizer(server.url, { ...auth, issuer: issuer.issuer }).headers(sending)).not.toEqual({});
});

test("a server that names no authorization server of its own is one, for a workload too", async () => {
  const { issuer, auth } = await startPlatform();
  const user = use(makeUser());
  const url = `${issuer.origin}/mcp`;
  await expect(user.authorizer(url, auth).refused(401, null, {})).resolves.toBe(true);
  expect(issuer.to("/token")).toHaveLength(1);
});

const TOKEN = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln";

test("readToken: from a file, a variable, and what a command prints", async () => {
  const file = join(folder, "given");
  writeFileSync(file, `\n${TOKEN}\n`);
  const place = {
    env: { TOKEN, PATH: process.env["PATH"], KM_PASSPHRASE_FILE: "/secret" },
    audience: "https://as.example/token",
  };
  const read = { state: "read", token: TOKEN } as const;
  expect(await readToken({ file }, place)).toEqual(read);
  expect(await readToken({ env: "TOKEN" }, place)).toEqual(read);
  expect(await readToken({ command: [process.execPath, "-e", `console.log("${TOKEN}")`] }, place)).toEqual(read);
  // It may ask for a token for whom it is, and gets nothing of km's.
  const told = "console.error(process.env.KM_AUDIENCE, process.env.KM_PASSPHRASE_FILE); process.exit(1)";
  expect(await readToken({ command: [process.execPath, "-e", told] }, place)).toMatchObject({
    reason: `it ended with 1: ${place.audience} undefined`,
  });
});

test.skipIf(process.platform !== "linux")(
  "readToken leaves nothing of a command, neither when it has ended nor when it is no longer wanted",
  async () => {
    const file = join(folder, "pid");
    const started = async (): Promise<number> => {
      for (;;) {
        const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
        if (text !== "") return Number(text);
        await Bun.sleep(5);
      }
    };
    const place = { env: { PATH: process.env["PATH"] }, audience: "a" };
    const leaving = { command: ["sh", "-c", `sleep 600 >/dev/null 2>&1 & echo $! > ${file}; echo ${TOKEN}`] };
    expect(await readToken(leaving, place)).toEqual({ state: "read", token: TOKEN });
    const left = await started();
    while (isAlive(left)) await Bun.sleep(5);

    rmSync(file);
    const ended = new AbortController();
    const staying = { command: ["sh", "-c", `sleep 600 & echo $! > ${file}; wait`] };
    const read = readToken(staying, { ...place, signal: ended.signal });
    const stayed = await started();
    ended.abort();
    expect((await read).state).toBe("failed");
    while (isAlive(stayed)) await Bun.sleep(5);
  },
);

test.each([
  [{ file: "/nonexistent/token" }, "no such file"],
  [{ env: "NOT_SET" }, "it is not set"],
  [{ command: ["/nonexistent/program"] }, "no such file"],
  [{ command: [process.execPath, "-e", "console.error('tired'); process.exit(3)"] }, "it ended with 3: tired"],
  [{ command: [process.execPath, "-e", "0"] }, "nothing is there"],
  [{ command: [process.execPath, "-e", "for (;;) console.log('y'.repeat(1000))"] }, "too long"],
])("readToken of %j says why there is none", async (source, reason) => {
  const read = await readToken(source, { env: { PATH: process.env["PATH"] }, audience: "a" });
  expect(read).toMatchObject({ state: "failed", reason: expect.stringMatching(new RegExp(reason, "i")) });
});

test("shownSource names a place, and not what is there", () => {
  expect(shownSource({ file: "/run/token" })).toBe("/run/token");
  expect(shownSource({ env: "TOKEN" })).toBe("the variable TOKEN");
  expect(shownSource({ command: ["gcloud", "auth", "print-identity-token"] })).toBe("what gcloud prints");
});
