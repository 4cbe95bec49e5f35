/** Budgets of requests, by a clock that the test turns. */
import { describe, expect, test } from "bun:test";
import { type Quotas, RateLimiter } from "../../src/backend/rate-limit.ts";
import { problem } from "../../src/backend/problem.ts";
import { startApi } from "./api-under-test.ts";

const QUOTAS: Quotas = {
  login: { requests: 2, windowSeconds: 60 },
  general: { requests: 4, windowSeconds: 8 },
  ingest: { requests: 1, windowSeconds: 1 },
  analysis: { requests: 1, windowSeconds: 1 },
};

describe("RateLimiter", () => {
  test("so many at once, then as they come back", () => {
    const limiter = new RateLimiter(QUOTAS);
    const taken = Array.from({ length: 5 }, () => limiter.take("general", "a", 0).allowed);
    expect(taken).toEqual([true, true, true, true, false]);
    expect(limiter.take("general", "a", 1999).allowed).toBe(false);
    expect(limiter.take("general", "a", 2000).allowed).toBe(true);
    expect(limiter.take("general", "a", 2000).allowed).toBe(false);
  });

  test("customers and budgets do not share", () => {
    const limiter = new RateLimiter(QUOTAS);
    expect(limiter.take("ingest", "a", 0).allowed).toBe(true);
    expect(limiter.take("ingest", "a", 0).allowed).toBe(false);
    expect(limiter.take("ingest", "b", 0).allowed).toBe(true);
    expect(limiter.take("general", "a", 0).allowed).toBe(true);
  });

  test("the headers say what is left, and when to come again", () => {
    const limiter = new RateLimiter(QUOTAS);
    expect(limiter.take("login", "a", 0).headers).toEqual({
      "ratelimit-policy": '"login";q=2;w=60',
      ratelimit: '"login";r=1;t=30',
    });
    limiter.take("login", "a", 0);
    expect(limiter.take("login", "a", 10_000).headers).toEqual({
      "ratelimit-policy": '"login";q=2;w=60',
      ratelimit: '"login";r=0;t=20',
      "retry-after": "20",
    });
  });

  test("a clock that is set back gives nothing and takes nothing", () => {
    const limiter = new RateLimiter(QUOTAS);
    expect(limiter.take("ingest", "a", 10_000).allowed).toBe(true);
    expect(limiter.take("ingest", "a", 0).allowed).toBe(false);
  });

  test("a look costs nothing and is not remembered", () => {
    const limiter = new RateLimiter(QUOTAS);
    for (let index = 0; index < 3; index++) expect(limiter.peek("login", "a", 0).allowed).toBe(true);
    expect(limiter.size).toBe(0);
  });

  test("a flood of addresses does not grow it without end", () => {
    const limiter = new RateLimiter(QUOTAS);
    for (let index = 0; index < 60_000; index++) limiter.take("login", `address ${index}`, index);
    expect(limiter.size).toBe(50_000);
  });
});

describe("the service", () => {
  test("429 with Retry-After, and again 200 when the time has passed", async () => {
    let now = 0;
    await using api = startApi({ quotas: QUOTAS, monotonic: () => now });
    const ask = () => fetch(`${api.url}/hello`);
    for (let index = 0; index < 4; index++) expect((await ask()).status).toBe(200);
    const refused = await ask();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(await refused.json()).toMatchObject({ code: "rate_limited" });
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
    now = 2000;
    expect((await ask()).status).toBe(200);
  });

  test("who fails to log in too often is refused; it costs those who succeed nothing", async () => {
    await using api = startApi({ quotas: QUOTAS, monotonic: () => 0 });
    const put = (token: string) =>
      fetch(`${api.url}/put`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: '{"name":"x"}',
      });
    for (let index = 0; index < 3; index++) expect((await put("right")).status).toBe(200);
    const tries = [await put("wrong"), await put("wrong"), await put("wrong"), await put("right")];
    expect(tries.map((response) => response.status)).toEqual([401, 401, 429, 429]);
  });

  test("that the service cannot tell who calls is not charged to the caller", async () => {
    const authenticate = () => Promise.resolve(problem("unavailable"));
    await using api = startApi({ quotas: QUOTAS, monotonic: () => 0, authenticate });
    const put = () => fetch(`${api.url}/put`, { method: "POST" });
    for (let index = 0; index < 4; index++) expect((await put()).status).toBe(503);
  });

  test("behind a proxy the caller is the one it names, and nobody makes one up", async () => {
    await using api = startApi({ quotas: QUOTAS, monotonic: () => 0, trustedProxies: 1 });
    const left = async (chain: string) => {
      const response = await fetch(`${api.url}/hello`, { headers: { "x-forwarded-for": chain } });
      return /r=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1];
    };
    const chains = ["10.0.0.1", "9.9.9.9, 10.0.0.1", "10.0.0.2", "2001:db8::1", "[2001:db8::2]:443"];
    const found: (string | undefined)[] = [];
    for (const chain of chains) found.push(await left(chain));
    expect(found).toEqual(["3", "2", "3", "3", "2"]);
  });
});
