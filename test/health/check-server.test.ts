/** `checkServer` against real servers, on stdio and over HTTP, that work and that do not. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { checkServer } from "../../src/health/check-server.ts";
import type { ServerHealth } from "../../src/health/server-health.ts";
import type { HealthTarget } from "../../src/health/target.ts";
import { isLogin, type Remote } from "../../src/http/remote.ts";
import { staticAuthorizer } from "../../src/http/static-authorizer.ts";
import { remoteTo } from "../../src/servers/server.ts";
import { freePort } from "../fixtures/free-port.ts";
import { makeAuthority } from "./make-authority.ts";
import { serveMcp } from "./serve-mcp.ts";

const FIXTURE = join(import.meta.dir, "../fixtures/server-for-health.ts");
const MODERN = join(import.meta.dir, "../fixtures/peer-modern.ts");

let authority: ReturnType<typeof makeAuthority>;
beforeAll(() => (authority = makeAuthority()));
afterAll(() => authority[Symbol.dispose]());

function program(...command: string[]): HealthTarget {
  const server = { command, cwd: process.cwd(), env: { PATH: process.env["PATH"] ?? "" } };
  return {
    name: "one",
    from: "command-line",
    transport: "stdio",
    address: command.join(" "),
    resolve: () => Promise.resolve({ kind: "command", server }),
  };
}

function fixture(mode: string): HealthTarget {
  return program(process.execPath, FIXTURE, mode);
}

function remote(url: string, known: Partial<Remote> = {}): HealthTarget {
  const at = remoteTo(url, { auth: { type: "none" }, ...known });
  const { auth } = at;
  const authorizer = isLogin(auth) ? undefined : staticAuthorizer(auth);
  return {
    name: "one",
    from: "command-line",
    transport: "http",
    address: url,
    resolve: () => Promise.resolve({ kind: "remote", remote: at, authorizer }),
  };
}

function mask(text: string): string {
  return text.replace("sesame", "[masked]");
}

async function check(target: HealthTarget, timeoutMs = 20_000): Promise<ServerHealth> {
  return await checkServer(target, { timeoutMs, killTimeoutMs: 500, mask, signal: new AbortController().signal });
}

function statesOf({ steps }: ServerHealth): Record<string, string> {
  return Object.fromEntries(steps.map(({ step, state }) => [step, state]));
}

function lastOf({ steps }: ServerHealth): { step: string | undefined; message: string; hint: string } {
  const last = steps.at(-1);
  const [trouble] = last?.troubles ?? [];
  return { step: last?.step, message: trouble?.message ?? "", hint: trouble?.hint ?? "" };
}

for (const [era, target, version] of [
  ["legacy", () => fixture("legacy"), "2025-06-18"],
  ["modern", () => program(process.execPath, MODERN), "2026-07-28"],
] as const) {
  test(`a program of the ${era} era: every step passes`, async () => {
    const health = await check(target());
    expect(statesOf(health)).toEqual({
      resolve: "ok",
      connect: "ok",
      handshake: "ok",
      ping: "ok",
      lists: "ok",
      latency: "ok",
    });
    expect(health).toMatchObject({ state: "ok", era, protocol_version: version, needs_authentication: false });
    expect(health.tools).toBe(era === "legacy" ? 1 : 4);
    expect(health.latency_ms).toBeGreaterThan(0);
  });
}

for (const era of ["legacy", "modern"] as const) {
  test(`a server of the ${era} era over HTTP: every step passes, and nothing is asked for to log in`, async () => {
    await using server = serveMcp({ era });
    const health = await check(remote(server.url));
    expect(Object.values(statesOf(health)).every((state) => state === "ok")).toBe(true);
    expect(health).toMatchObject({ state: "ok", era, tools: 1, prompts: 2, server_info: { name: "small" } });
    const ping = health.steps.find(({ step }) => step === "ping");
    expect(ping?.detail).toBe(era === "legacy" ? "ping" : "server/discover");
    expect(health.steps.find(({ step }) => step === "authentication")?.detail).toBe("none is asked for");
  });
}

test("a program that exits at once: its exit code and its last lines", async () => {
  const health = await check(fixture("exits"));
  expect(health).toMatchObject({
    state: "failed",
    needs_authentication: false,
    exit: { code: 7, signal: null },
    stderr: ["first line", "API_TOKEN is not set, or is not [masked]"],
  });
  expect(lastOf(health)).toMatchObject({ step: "handshake", message: expect.stringContaining("exit code 7") });
});

test("a program that is not there: where it was looked for", async () => {
  const health = await check(program("km-no-such-program"));
  expect(lastOf(health)).toMatchObject({ step: "resolve", message: "command not found: km-no-such-program" });
});

test("a program that never answers: the step's time is up, and it has ended", async () => {
  const health = await check(fixture("hangs"), 1000);
  expect(lastOf(health)).toMatchObject({ step: "handshake", message: "no answer within 1 s" });
  expect(health.exit).toBeUndefined();
});

test("a program that answers rubbish: what it wrote", async () => {
  const health = await check(fixture("rubbish"), 1500);
  expect(health.state).toBe("failed");
  expect(lastOf(health).message).toContain('"What do you want?"');
});

test("what a server says is cut, however long it is", async () => {
  const health = await check(fixture("floods"));
  expect(health.state).toBe("failed");
  expect(lastOf(health).message.length).toBeLessThan(600);
});

test("a program that writes a line of its own to stdout works, with a warning", async () => {
  const health = await check(fixture("noisy"));
  expect(health).toMatchObject({ state: "degraded", tools: 1 });
  expect(health.steps.find(({ step }) => step === "handshake")?.troubles[0]?.message).toContain("Server is listening");
});

test("a tool that is listed twice and one with an impossible schema are warnings", async () => {
  const health = await check(fixture("twice"));
  expect(health).toMatchObject({ state: "degraded", tools: 3 });
  expect(health.steps.find(({ step }) => step === "lists")?.troubles.map(({ message }) => message)).toEqual([
    "tool echo is listed twice",
    'tool broken: its inputSchema must have the type "object"',
  ]);
});

test("a closed port: the connection is refused, and nothing after it is tried", async () => {
  const health = await check(remote(`http://127.0.0.1:${freePort()}/mcp`));
  expect(statesOf(health)).toEqual({ resolve: "ok", connect: "failed" });
  expect(lastOf(health)).toMatchObject({ message: "it refuses the connection" });
});

test("a host that answers nothing fails in time", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const health = await check(remote(`http://127.0.0.1:${silent.port}/mcp`), 500);
  silent.stop(true);
  expect(lastOf(health)).toMatchObject({ step: "handshake", message: expect.stringContaining("within 0.5 s") });
});

test("rubbish over HTTP is no server", async () => {
  const page = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("<h1>Welcome</h1>") });
  const health = await check(remote(`${page.url.origin}/mcp`), 3000);
  await page.stop(true);
  expect(lastOf(health)).toMatchObject({ step: "handshake" });
  expect(health).toMatchObject({ state: "failed", needs_authentication: false });
});

test("a server that asks who is there: no credentials, wrong ones, right ones", async () => {
  await using server = serveMcp({ era: "legacy", token: "right" });
  const without = await check(remote(server.url));
  expect(without).toMatchObject({ state: "failed", needs_authentication: true });
  expect(lastOf(without)).toMatchObject({ step: "authentication", message: expect.stringContaining("(Bearer)") });
  const wrong = await check(remote(server.url, { auth: { type: "bearer", token: "wrong" } }));
  expect(wrong).toMatchObject({ state: "failed", needs_authentication: true });
  expect(lastOf(wrong).message).toContain("it refuses the token");
  expect(server.methods).toEqual([]);
  const right = await check(remote(server.url, { auth: { type: "bearer", token: "right" } }));
  expect(right).toMatchObject({ state: "ok", needs_authentication: false });
  expect(right.steps.find(({ step }) => step === "authentication")?.detail).toContain("Bearer");
});

test("TLS with a certificate that is trusted and lasts: protocol and expiry", async () => {
  await using server = serveMcp({ era: "modern", tls: authority.certificate("localhost", 90) });
  const health = await check(remote(server.url, { tls: { ca: authority.ca, pins: [] } }));
  expect(health).toMatchObject({ state: "ok", certificate: { subject: "localhost", issuer: "Test authority" } });
  expect(health.certificate?.protocol).toMatch(/^TLSv1\.[23]$/);
  expect(health.certificate?.days_left).toBeWithin(88, 91);
});

for (const [days, hint] of [
  [20, "See that it is renewed in time."],
  [5, "Have it renewed now: after that nobody can connect."],
] as const) {
  test(`a certificate that expires in ${days} days is a warning`, async () => {
    await using server = serveMcp({ era: "modern", tls: authority.certificate("localhost", days) });
    const health = await check(remote(server.url, { tls: { ca: authority.ca, pins: [] } }));
    expect(health.state).toBe("degraded");
    const tls = health.steps.find(({ step }) => step === "tls");
    expect(tls).toMatchObject({
      state: "warning",
      troubles: [{ message: expect.stringContaining("expires in"), hint }],
    });
  });
}

for (const [what, name, days, isTrusted, words] of [
  ["has expired", "localhost", -1, true, "its certificate has expired, on "],
  ["is of another name", "other.example", 90, true, "its certificate is for another host: DNS:other.example"],
  ["is from an unknown authority", "localhost", 90, false, "not from an authority that is trusted here"],
] as const) {
  test(`a certificate that ${what}: why, and the certificate is shown all the same`, async () => {
    await using server = serveMcp({ era: "modern", tls: authority.certificate(name, days) });
    const health = await check(remote(server.url, { tls: { ...(isTrusted ? { ca: authority.ca } : {}), pins: [] } }));
    expect(statesOf(health)).toEqual({ resolve: "ok", connect: "ok", tls: "failed" });
    expect(lastOf(health).message).toContain(words);
    expect(health.certificate).toMatchObject({ subject: name });
    expect(server.methods).toEqual([]);
  });
}

test("a certificate with another key than the pinned one is refused", async () => {
  await using server = serveMcp({ era: "modern", tls: authority.certificate("localhost", 90) });
  const health = await check(remote(server.url, { tls: { ca: authority.ca, pins: ["sha256/AAAA"] } }));
  expect(lastOf(health)).toMatchObject({ step: "tls", message: expect.stringContaining("another key") });
});

test("a server that wants a certificate of its clients: without one, and with one", async () => {
  const tls = authority.certificate("localhost", 90);
  await using server = serveMcp({ era: "modern", tls, clientsOf: authority.ca });
  const without = await check(remote(server.url, { tls: { ca: authority.ca, pins: [] } }));
  expect(without.state).toBe("failed");
  expect(lastOf(without).step).toBe("handshake");
  const { cert, key } = authority.certificate("client", 90).files;
  const known = await check(remote(server.url, { tls: { ca: authority.ca, cert, key, pins: [] } }));
  expect(known).toMatchObject({ state: "ok", tools: 1 });
});

test("https:// where the server speaks no TLS", async () => {
  await using server = serveMcp({ era: "modern" });
  const health = await check(remote(server.url.replace("http:", "https:")));
  expect(lastOf(health)).toMatchObject({ step: "tls", message: "it does not speak TLS on this port" });
});

test("the signal ends a check, and what it started", async () => {
  const stop = new AbortController();
  const checking = checkServer(fixture("hangs"), { timeoutMs: 60_000, killTimeoutMs: 500, mask, signal: stop.signal });
  stop.abort();
  expect(await checking.catch((error: unknown) => error)).toBe(stop.signal.reason);
});
