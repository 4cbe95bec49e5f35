/** What becomes of requests to backends that are down, slow, refuse, or answer nonsense: by a server that is so. */
import { describe, expect, test } from "bun:test";
import { KmError } from "../../../src/errors.ts";
import { createRedactor } from "../../../src/guard/redaction/redact.ts";
import type { Remote } from "../../../src/http/remote.ts";
import { BackendClient, type BackendRequest } from "../../../src/services/backend/backend-client.ts";
import { remoteFrom } from "../../../src/services/backend/connections.ts";
import { BackendCache } from "../../../src/services/backend/cache.ts";
import { type Fault, type FaultServer, startFaultServer, USUAL_FAULTS } from "../fault-server.ts";

const TIMEOUT = 60_000;

function remote(url: string, more: Partial<Remote> = {}): Remote {
  return {
    url,
    transport: "auto",
    headers: {},
    auth: { type: "none" },
    tls: { pins: [] },
    connectTimeoutMs: 5000,
    answerTimeoutMs: 20_000,
    retries: 0,
    ...more,
  };
}

function clientOf(server: FaultServer, more: Partial<Remote> = {}, cache = new BackendCache(1 << 20)): BackendClient {
  return new BackendClient("Backend", remote(server.url, more), cache, () => undefined);
}

function asking(more: Partial<BackendRequest> = {}): BackendRequest {
  return { path: "/", signal: AbortSignal.timeout(30_000), ...more };
}

async function errorOf(answer: Promise<unknown>): Promise<KmError> {
  const error = await answer.then(
    () => new Error("it was answered"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof KmError) return error;
  throw error;
}

describe("BackendClient", () => {
  test.each([...USUAL_FAULTS])(
    "$name: an error that names the backend and says what to do",
    async ({ fault, code }) => {
      await using server = await startFaultServer(fault);
      const client = clientOf(server);
      const wanted = (value: unknown): unknown =>
        typeof value === "object" && value !== null && "data" in value ? value : undefined;
      const error = await errorOf(client.json(asking({ mostBytes: 1 << 20 }), wanted));
      expect(error).toMatchObject({ code, message: expect.stringContaining(`Backend at ${server.url}`) });
      expect(`${error.message} ${error.hint ?? ""}`).not.toMatch(/\/mcp|MCP|message is/);
    },
    TIMEOUT,
  );

  test(
    "nothing listens: said at once",
    async () => {
      const server = await startFaultServer();
      await server[Symbol.asyncDispose]();
      const error = await errorOf(clientOf(server).text(asking()));
      expect([error.code, error.message]).toEqual([
        "SVC_003",
        `Backend at ${server.url} cannot be reached: it refuses the connection`,
      ]);
    },
    TIMEOUT,
  );

  test.each<[string, Fault]>([
    ["never answers", { kind: "never" }],
    ["trickles its body", { kind: "trickle", body: "x".repeat(10_000), everyMs: 20 }],
    ["sends without end, and late", { kind: "late", ms: 20_000, answer: { kind: "endless" } }],
  ])(
    "a backend that %s is left when the time is over",
    async (_, fault) => {
      await using server = await startFaultServer(fault);
      const error = await errorOf(clientOf(server).text(asking({ signal: AbortSignal.timeout(400) })));
      expect([error.code, error.message]).toEqual(["SVC_003", `Backend at ${server.url} has not answered in time`]);
    },
    TIMEOUT,
  );

  test(
    "an answer that is larger than it may be is not read to its end",
    async () => {
      await using server = await startFaultServer({ kind: "huge", bytes: 10 ** 10 });
      const error = await errorOf(clientOf(server).text(asking({ mostBytes: 1 << 20 })));
      expect([error.code, error.message]).toEqual([
        "SVC_008",
        `Backend at ${server.url} answered with more than 1024 KB`,
      ]);
    },
    TIMEOUT,
  );

  test(
    "what is repeatable is tried again, with time between; what is not, once",
    async () => {
      await using server = await startFaultServer((_request, index) =>
        index < 2 ? { kind: "answer", status: 503 } : { kind: "answer", body: "there" },
      );
      const client = clientOf(server, { retries: 3 });
      const startedMs = performance.now();
      expect((await client.text(asking())).text).toBe("there");
      expect(server.requests.length).toBe(3);
      expect(performance.now() - startedMs).toBeGreaterThan(100);
      server.answerWith({ kind: "answer", status: 503 });
      const before = server.requests.length;
      expect((await errorOf(client.text(asking({ method: "POST", json: {} })))).code).toBe("SVC_003");
      expect(server.requests.length - before).toBe(1);
    },
    TIMEOUT,
  );

  test(
    "after failures in a row a backend is left alone, and not asked",
    async () => {
      await using server = await startFaultServer({ kind: "answer", status: 503 });
      const client = clientOf(server);
      for (let failures = 0; failures < 5; failures++) await errorOf(client.text(asking()));
      const asked = server.requests.length;
      const error = await errorOf(client.text(asking()));
      expect(error.message).toContain("could not be reached 5 times in a row");
      expect(error.hint).toMatch(/^It is tried again in \d+ s\.$/);
      expect([asked, server.requests.length]).toEqual([5, 5]);
    },
    TIMEOUT,
  );

  test(
    "connections are used again",
    async () => {
      await using server = await startFaultServer({ kind: "answer", body: { ok: true } });
      const client = clientOf(server);
      for (let count = 0; count < 20; count++) await client.text(asking());
      expect([server.requests.length, server.connections]).toEqual([20, 1]);
      await client.close();
    },
    TIMEOUT,
  );

  test(
    "an answer is kept as long as the request says, and until something was changed",
    async () => {
      await using server = await startFaultServer((_request, index) => ({ kind: "answer", body: String(index) }));
      const client = clientOf(server);
      const kept = asking({ cacheMs: 60_000 });
      expect([(await client.text(kept)).text, (await client.text(kept)).text]).toEqual(["0", "0"]);
      expect((await client.text(asking())).text).toBe("1");
      client.forget();
      expect((await client.text(kept)).text).toBe("2");
      const brief = asking({ path: "/brief", cacheMs: 20 });
      await client.text(brief);
      await Bun.sleep(40);
      expect((await client.text(brief)).text).toBe("4");
    },
    TIMEOUT,
  );

  test(
    "what one login was answered is kept from another",
    async () => {
      await using server = await startFaultServer(({ headers }) => ({
        kind: "answer",
        body: headers["authorization"] ?? "nobody",
      }));
      const cache = new BackendCache(1 << 20);
      const one = clientOf(server, { auth: { type: "bearer", token: "one" } }, cache);
      const other = clientOf(server, { auth: { type: "bearer", token: "other" } }, cache);
      const kept = asking({ cacheMs: 60_000 });
      expect([(await one.text(kept)).text, (await other.text(kept)).text]).toEqual(["Bearer one", "Bearer other"]);
    },
    TIMEOUT,
  );

  test(
    "a request that several wait for outlives the one that came first",
    async () => {
      await using server = await startFaultServer({ kind: "late", ms: 500, answer: { kind: "answer", body: "late" } });
      const client = clientOf(server);
      const first = new AbortController();
      const left = errorOf(client.text(asking({ cacheMs: 60_000, signal: first.signal })));
      const stays = client.text(asking({ cacheMs: 60_000 }));
      await server.seen(1);
      first.abort();
      expect((await left).code).toBe("SVC_003");
      expect((await stays).text).toBe("late");
      expect(server.requests.length).toBe(1);
    },
    TIMEOUT,
  );

  test(
    "a request that nobody waits for any more is given up",
    async () => {
      await using server = await startFaultServer({ kind: "never" });
      const client = clientOf(server);
      const only = new AbortController();
      const left = errorOf(client.text(asking({ cacheMs: 60_000, signal: only.signal })));
      await server.seen(1);
      only.abort();
      await left;
      while (server.openConnections > 0) await Bun.sleep(10);
      expect(server.openConnections).toBe(0);
    },
    TIMEOUT,
  );
});

test("a login of a person is no login of a service", async () => {
  const around = {
    env: {},
    home: undefined,
    references: { env: {}, readSecret: async () => await Promise.resolve(undefined) },
    redactor: createRedactor(),
    cache: new BackendCache(0),
    say: () => undefined,
  };
  const { url, auth } = { url: "http://127.0.0.1:1", auth: { type: "oauth" as const } };
  const error = await errorOf(remoteFrom("shop.default", { url, auth }, url, around));
  expect([error.code, error.message]).toEqual(["CFG_002", "shop.default: auth.type cannot be oauth: that is a login"]);
});
