import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ApiAnswer } from "../../src/auth/ask-api.ts";
import {
  afterPoll,
  awaitApproval,
  type DeviceGrant,
  type Polling,
  startDeviceLogin,
} from "../../src/auth/device-login.ts";
import type { Tokens } from "../../src/auth/tokens.ts";

const GOOD = { access_token: "a.b.c", refresh_token: "kmr_a", token_type: "Bearer", expires_in: 900 };
const START = {
  device_code: "device",
  user_code: "ABCD-EFGH",
  verification_uri: "https://api.example/device",
  expires_in: 60,
};

/** A server of prepared answers on loopback, and a clock that only sleeping moves. */
function startServer(answers: (() => Response)[]) {
  const forms: Record<string, string>[] = [];
  const waits: number[] = [];
  let time = 1_000_000;
  const http = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      forms.push(Object.fromEntries(new URLSearchParams(await request.text())));
      return answers.shift()?.() ?? Response.json({ error: "authorization_pending" }, { status: 400 });
    },
  });
  return {
    origin: `http://127.0.0.1:${http.port}`,
    forms,
    waits,
    waiting: {
      fetch,
      now: () => time,
      sleep: async (ms: number) => {
        waits.push(ms);
        time += ms;
      },
    },
    [Symbol.asyncDispose]: () => http.stop(true),
  };
}

const oauthError = (error: string) => () => Response.json({ error }, { status: 400 });

function grantUntil(expiresAt: number): DeviceGrant {
  const uri = "https://api.example/device";
  return {
    deviceCode: "device",
    userCode: "ABCD",
    verificationUri: uri,
    verificationUriComplete: undefined,
    expiresAt,
    intervalMs: 5000,
  };
}

describe("startDeviceLogin", () => {
  test("gives what to show and what to wait for; without an interval it is 5 s", async () => {
    await using server = startServer([() => Response.json(START)]);
    expect(await startDeviceLogin(server.origin, fetch, () => 1000)).toEqual({
      state: "started",
      grant: {
        deviceCode: "device",
        userCode: "ABCD-EFGH",
        verificationUri: "https://api.example/device",
        verificationUriComplete: undefined,
        expiresAt: 61_000,
        intervalMs: 5000,
      },
    });
    expect(server.forms).toEqual([{ client_id: "km" }]);
  });

  test.each([
    { ...START, verification_uri: "javascript:alert(1)" },
    { ...START, verification_uri: "http://api.example/device" },
    { ...START, user_code: "\x1b[2J" },
    { ...START, expires_in: -1 },
    {},
  ])("refuses %j", async (answer) => {
    await using server = startServer([() => Response.json(answer)]);
    expect(await startDeviceLogin(server.origin, fetch, Date.now)).toMatchObject({ state: "failed" });
  });
});

describe("awaitApproval", () => {
  test("polls until it is approved, slower by 5 s for good when told so", async () => {
    await using server = startServer([
      oauthError("authorization_pending"),
      oauthError("slow_down"),
      oauthError("authorization_pending"),
      () => Response.json(GOOD),
    ]);
    const login = await awaitApproval(server.origin, grantUntil(9e9), server.waiting);
    expect(login).toMatchObject({ state: "approved", tokens: { access: "a.b.c", origin: server.origin } });
    expect(server.waits).toEqual([5000, 5000, 10_000, 10_000]);
    expect(server.forms[0]).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: "device",
      client_id: "km",
    });
  });

  test("waits ever longer while the API fails, and as before once it answers", async () => {
    const broken = () => new Response("", { status: 503 });
    await using server = startServer([
      ...Array<() => Response>(5).fill(broken),
      oauthError("authorization_pending"),
      oauthError("access_denied"),
    ]);
    expect(await awaitApproval(server.origin, grantUntil(9e9), server.waiting)).toEqual({ state: "denied" });
    expect(server.waits).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 5000]);
  });

  test("ends when the code has expired, by the API's word or by the clock", async () => {
    await using server = startServer([oauthError("expired_token")]);
    expect(await awaitApproval(server.origin, grantUntil(9e9), server.waiting)).toEqual({ state: "expired" });
    expect(await awaitApproval(server.origin, grantUntil(1_020_000), server.waiting)).toEqual({ state: "expired" });
    expect(server.forms.length).toBe(3); // at 10 s and 15 s, and no more at 20 s
  });

  test("without a network goes on until the code has expired", async () => {
    await using server = startServer([]);
    const offline = { ...server.waiting, fetch: () => Promise.reject(new Error("no network")) };
    expect(await awaitApproval(server.origin, grantUntil(1_100_000), offline)).toEqual({ state: "expired" });
  });

  test("stops when it is told to", async () => {
    await using server = startServer([]);
    const stop = new AbortController();
    const sleep = async () => stop.abort();
    const login = await awaitApproval(server.origin, grantUntil(9e9), {
      ...server.waiting,
      sleep,
      signal: stop.signal,
    });
    expect(login).toEqual({ state: "interrupted" });
    expect(server.forms).toEqual([]);
  });
});

describe("afterPoll", () => {
  const answers: fc.Arbitrary<ApiAnswer> = fc.oneof(
    fc.record({ state: fc.constant("failed" as const), reason: fc.string() }),
    fc.record({
      state: fc.constant("answered" as const),
      status: fc.constantFrom(200, 400, 401, 404, 429, 500),
      json: fc.oneof(
        fc.record({
          error: fc.constantFrom("authorization_pending", "slow_down", "access_denied", "expired_token", "other"),
        }),
        fc.jsonValue(),
      ),
    }),
  );

  test("never polls faster than the API allows, and never gets faster", () => {
    fc.assert(
      fc.property(fc.array(answers), (all) => {
        let polling: Polling = { state: "polling", intervalMs: 5000, waitMs: 5000 };
        for (const answer of all) {
          const next = afterPoll(polling, answer, (): Tokens | undefined => undefined);
          if (next.state !== "polling") return;
          expect(next.waitMs).toBeGreaterThanOrEqual(next.intervalMs);
          expect(next.intervalMs).toBeGreaterThanOrEqual(polling.intervalMs);
          polling = next;
        }
      }),
    );
  });
});
