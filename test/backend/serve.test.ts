/** The service on a real port: what is answered to whom, and what is said of it. */
import { afterAll, describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { exchange, head, memoryStore, PRINCIPAL, SECRET, startApi } from "./api-under-test.ts";

const api = startApi({ idempotency: memoryStore() });
afterAll(() => api[Symbol.asyncDispose]());

const JSON_TYPE = { "content-type": "application/json" };
const AUTHORIZED = { ...JSON_TYPE, authorization: "Bearer right" };

function put(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = AUTHORIZED) {
  return fetch(`${api.url}/put`, { method: "POST", headers, body });
}

async function problemOf(response: Response) {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const details = (await response.json()) as Record<string, unknown>;
  expect(details).toMatchObject({
    type: `https://kilometers.ai/problems/${String(details["code"])}`,
    status: response.status,
    request_id: response.headers.get("x-request-id"),
  });
  return details;
}

describe("routing", () => {
  test("an answer has its body, an id, and headers that give a browser nothing", async () => {
    const response = await fetch(`${api.url}/hello`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ value: "hello" });
    const headers = Object.fromEntries(response.headers);
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["x-request-id"]).toMatch(/^req_[0-9a-f]{32}$/);
  });

  test("a parameter of the path is decoded and checked", async () => {
    expect(await (await fetch(`${api.url}/items/12?limit=a%20b`)).json()).toEqual({ value: "12 a b" });
    const response = await fetch(`${api.url}/items/${SECRET}`);
    expect(response.status).toBe(400);
    const text = JSON.stringify(await problemOf(response));
    expect(text).toContain('"parameter":"id"');
    expect(text).not.toContain(SECRET);
  });

  test("an unknown parameter, or one that stands there twice, is refused", async () => {
    const unknown = await problemOf(await fetch(`${api.url}/items/1?other=1`));
    expect(unknown).toMatchObject({ code: "invalid_request", errors: [{ parameter: "other" }] });
    const twice = await fetch(`${api.url}/items/1?limit=1&limit=2`);
    expect(await problemOf(twice)).toMatchObject({ code: "invalid_request" });
    expect(await problemOf(await fetch(`${api.url}/hello?a=1`))).toMatchObject({ code: "invalid_request" });
    for (const escape of ["%ff", "%zz", "%c3", "%00"]) {
      expect((await fetch(`${api.url}/items/1?limit=${escape}`)).status).toBe(400);
    }
  });

  test("an unknown path is 404, half an escape too; a wrong method 405 with Allow", async () => {
    expect(await problemOf(await fetch(`${api.url}/nothing`))).toMatchObject({ code: "not_found", status: 404 });
    expect((await fetch(`${api.url}/items/%zz`)).status).toBe(404);
    const wrong = await fetch(`${api.url}/hello`, { method: "DELETE" });
    expect(await problemOf(wrong)).toMatchObject({ code: "method_not_allowed" });
    expect(wrong.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  test("HEAD is GET without the body, OPTIONS says what is allowed, TRACE is not", async () => {
    const onlyHead = await fetch(`${api.url}/hello`, { method: "HEAD" });
    expect([onlyHead.status, await onlyHead.text()]).toEqual([200, ""]);
    const allowed = await fetch(`${api.url}/put`, { method: "OPTIONS" });
    expect([allowed.status, allowed.headers.get("allow")]).toEqual([204, "OPTIONS, POST"]);
    for (const method of ["TRACE", "CONNECT", "PROPFIND"]) {
      const answer = await exchange(api.url, [head(method, "/hello")]);
      expect(answer).toStartWith("HTTP/1.1 405 ");
      expect(answer.toLowerCase()).toContain("\r\nallow: get, head, options\r\n");
    }
  });

  test("HEAD of a stream ends it unread", async () => {
    const { calls } = api.deps;
    const response = await fetch(`${api.url}/stream`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(api.deps.calls).toBe(calls + 1);
  });

  test("browsers are told to come by https, where that is how others reach the service", async () => {
    const { headers } = await fetch(`${api.url}/hello`);
    expect(headers.has("strict-transport-security")).toBe(false);
    await using secure = startApi({ origin: "https://km.example.com" });
    for (const path of ["/hello", "/nothing", "/healthz"]) {
      const found = (await fetch(`${secure.url}${path}`)).headers.get("strict-transport-security");
      expect(found).toBe("max-age=31536000");
    }
  });

  test("no other origin is let in: neither an answer nor a preflight names one", async () => {
    const origin = { origin: "https://evil.example", "access-control-request-method": "POST" };
    for (const method of ["GET", "OPTIONS"]) {
      const { headers } = await fetch(`${api.url}/hello`, { method, headers: origin });
      expect(Array.from(headers.keys(), String).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });

  test("a Host that is not one of loopback is refused", async () => {
    for (const host of ["evil.example", "127.0.0.1.evil.example", "127.0.0.1, evil.example"]) {
      expect(await exchange(api.url, [head("GET", "/hello", { host })])).toStartWith("HTTP/1.1 421 ");
    }
    expect(await exchange(api.url, [head("GET", "/hello", { host: "localhost:1" })])).toStartWith("HTTP/1.1 200 ");
  });
});

describe("bodies", () => {
  test("gzip and zstd are understood", async () => {
    const body = Buffer.from('{"name":"x"}');
    for (const [encoding, bytes] of [
      ["gzip", gzipSync(body)],
      ["zstd", zstdCompressSync(body)],
    ] as const) {
      const response = await put(new Uint8Array(bytes), { ...AUTHORIZED, "content-encoding": encoding });
      expect(((await response.json()) as { value: string }).value).toStartWith(`${PRINCIPAL.customer} x`);
    }
  });

  test("what inflates to more than is taken is 413, and is not inflated", async () => {
    const bomb = Buffer.alloc(20_000_000, "a");
    for (const [encoding, bytes] of [
      ["gzip", gzipSync(bomb, { level: 9 })],
      ["zstd", zstdCompressSync(bomb)],
    ] as const) {
      const small = await fetch(`${api.url}/put`, {
        method: "POST",
        headers: { ...AUTHORIZED, "content-encoding": encoding },
        body: new Uint8Array(bytes),
      });
      expect(await problemOf(small)).toMatchObject({ code: "body_too_large", status: 413 });
    }
  });

  test.each([
    ["no JSON", "nonsense", "malformed_body"],
    ["half of it", '{"name":"x"', "malformed_body"],
    ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "malformed_body"],
    ["nested too deep", `${"[".repeat(500)}${"]".repeat(400)}`, "malformed_body"],
    ["nothing", "", "malformed_body"],
  ])("%s is refused as such", async (_, body, code) => {
    expect(await problemOf(await put(body))).toMatchObject({ code, status: 400 });
  });

  test("brackets in a string are not depth", async () => {
    expect((await put(JSON.stringify({ name: `"\\${"[".repeat(100)}` }))).status).toBe(200);
  });

  test("what a schema refuses is named by pointers, without what was sent", async () => {
    const details = await problemOf(await put(JSON.stringify({ name: 5, list: [1, SECRET], "a/~b": SECRET })));
    expect(details["errors"]).toEqual([
      { detail: "Expected string", pointer: "#/name" },
      { detail: "Expected number", pointer: "#/list/1" },
      { detail: "Not known here", pointer: "#/a~1~0b" },
    ]);
  });

  test("a made-up name of any length is cut, whatever it is cut through", async () => {
    const name = `${"a".repeat(199)}\u{1f600}`.repeat(2);
    const details = await problemOf(await put(JSON.stringify({ name: "x", [name]: 1 })));
    expect(details).toMatchObject({ status: 400, errors: [{ pointer: `#/${"a".repeat(199)}%EF%BF%BD` }] });
  });

  test("another Content-Type, charset or Content-Encoding is 415", async () => {
    const typed = await put("{}", { ...AUTHORIZED, "content-type": "text/plain" });
    expect(await problemOf(typed)).toMatchObject({ code: "unsupported_media_type", status: 415 });
    const charset = { ...AUTHORIZED, "content-type": "application/json; charset=utf-16" };
    expect((await put("{}", charset)).status).toBe(415);
    expect(
      (await put('{"name":"x"}', { ...AUTHORIZED, "content-type": 'Application/JSON; charset="UTF-8"' })).status,
    ).toBe(200);
    const encoded = await put("{}", { ...AUTHORIZED, "content-encoding": "gzip, gzip" });
    expect(await problemOf(encoded)).toMatchObject({ code: "unsupported_encoding", status: 415 });
    expect(encoded.headers.get("accept-encoding")).toBe("gzip, zstd");
  });

  test("nonsense called gzip or zstd is refused", async () => {
    for (const encoding of ["gzip", "zstd"]) {
      expect(await problemOf(await put("nonsense", { ...AUTHORIZED, "content-encoding": encoding }))).toMatchObject({
        code: "malformed_body",
      });
    }
  });

  test("a body where none is expected is refused, a streamed one is counted and bounded", async () => {
    const unexpected = await exchange(api.url, [head("GET", "/hello", { "content-length": "2" }), "{}"]);
    expect(unexpected).toStartWith("HTTP/1.1 400 ");
    const upload = (size: number) =>
      fetch(`${api.url}/upload`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: new Uint8Array(size),
      });
    expect(await (await upload(100_000)).json()).toEqual({ value: 100_000 });
    expect(await problemOf(await upload(100_001))).toMatchObject({ code: "body_too_large" });
  });
});

describe("authentication and errors", () => {
  test("without a right token it is 401 with WWW-Authenticate, before the body is looked at", async () => {
    const response = await put("nonsense", { authorization: `Bearer ${SECRET}`, "content-type": "text/plain" });
    expect(await problemOf(response)).toMatchObject({ code: "unauthenticated", status: 401 });
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="kilometers", error="invalid_token"');
    const anonymous = await put("{}", JSON_TYPE);
    expect(anonymous.headers.get("www-authenticate")).toBe('Bearer realm="kilometers"');
  });

  test("an unexpected error says nothing of itself to the caller, and no secret to the log", async () => {
    const response = await fetch(`${api.url}/fail`);
    const details = await problemOf(response);
    expect(details).toMatchObject({ code: "internal_error", status: 500 });
    expect(JSON.stringify(details)).not.toContain("select");
    const line = api.lines.find(
      (one) => one.includes('"level":"error"') && one.includes(String(details["request_id"])),
    );
    expect(line).toContain("select");
    expect(api.lines.some((one) => one.includes(SECRET))).toBe(false);
  });

  test("an answer that is not what its schema says does not go out", async () => {
    expect(await problemOf(await fetch(`${api.url}/wrong`))).toMatchObject({ code: "internal_error" });
  });

  test("an OAuth endpoint's errors are OAuth's, its own and the service's", async () => {
    const post = (body: string | Uint8Array<ArrayBuffer>, type = "application/x-www-form-urlencoded") =>
      fetch(`${api.url}/oauth/form`, { method: "POST", headers: { "content-type": type }, body });
    expect(await (await post("grant_type=x&unknown=1")).json()).toEqual({ value: "x" });
    const other = await post("grant_type=y");
    expect([other.status, await other.json()]).toEqual([
      400,
      { error: "unsupported_grant_type", error_description: "Only x is known" },
    ]);
    for (const refused of [
      await post(""),
      await post("grant_type="),
      await post("grant_type=%ff"),
      await post(new Uint8Array([...Buffer.from("grant_type="), 0xff])),
      await post("grant_type=x&grant_type=x"),
      await post("{}", "application/json"),
    ]) {
      expect(await refused.json()).toMatchObject({ error: "invalid_request" });
    }
  });
});

describe("Idempotency-Key", () => {
  test("a repetition gets the first answer; another request with the same key is refused", async () => {
    const once = (body: string) => put(body, { ...AUTHORIZED, "idempotency-key": '"key-1"' });
    const first = await (await once('{"name":"i"}')).text();
    const { calls } = api.deps;
    const second = await once('{"name":"i"}');
    expect([await second.text(), second.headers.get("idempotency-replayed")]).toEqual([first, "true"]);
    expect(api.deps.calls).toBe(calls);
    expect(await problemOf(await once('{"name":"j"}'))).toMatchObject({ code: "idempotency_key_reused", status: 422 });
  });

  test("it is good for the one who used it, not for a colleague", async () => {
    const once = (token: string) =>
      put('{"name":"k"}', { ...JSON_TYPE, authorization: token, "idempotency-key": "key-3" });
    expect((await once("Bearer right")).status).toBe(200);
    expect(await problemOf(await once("Bearer colleague"))).toMatchObject({ code: "idempotency_key_reused" });
  });

  test("of twins one is done, and the other one told to wait", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const store = memoryStore();
    const isClaimed = Promise.withResolvers<void>();
    await using slow = startApi({
      idempotency: {
        ...store,
        async claim(...request) {
          const claim = await store.claim(...request);
          if (claim.state === "new") {
            isClaimed.resolve();
            await promise;
          }
          return claim;
        },
      },
    });
    const once = () =>
      fetch(`${slow.url}/put`, {
        method: "POST",
        headers: { ...AUTHORIZED, "idempotency-key": "twin" },
        body: '{"name":"t"}',
      });
    const first = once();
    await isClaimed.promise;
    const second = await once();
    expect([second.status, second.headers.get("retry-after")]).toEqual([409, "1"]);
    expect(await problemOf(second)).toMatchObject({ code: "idempotency_in_progress" });
    resolve();
    expect((await first).status).toBe(200);
    expect(slow.deps.calls).toBe(1);
  });

  test("what was done is answered as such and not done again, though its answer cannot be kept", async () => {
    const store = memoryStore();
    const complete = () => Promise.reject(new Error("disk full"));
    await using broken = startApi({ idempotency: { ...store, complete } });
    const once = () =>
      fetch(`${broken.url}/put`, {
        method: "POST",
        headers: { ...AUTHORIZED, "idempotency-key": "done" },
        body: '{"name":"t"}',
      });
    expect([(await once()).status, (await once()).status]).toEqual([200, 409]);
    expect(broken.deps.calls).toBe(1);
    expect(broken.lines.join("")).toContain("disk full");
  });

  test("one that cannot be one is refused", async () => {
    for (const key of ['"', '"half', "two words", "x".repeat(256), "é"]) {
      const response = await put('{"name":"x"}', { ...AUTHORIZED, "idempotency-key": key });
      expect(await problemOf(response)).toMatchObject({ code: "invalid_request" });
    }
  });

  test("a refused request does not use its key up", async () => {
    const once = (body: string) => put(body, { ...AUTHORIZED, "idempotency-key": "key-2" });
    expect((await once('{"nome":"i"}')).status).toBe(400);
    expect((await once('{"name":"i"}')).status).toBe(200);
  });
});

describe("what the service says of itself", () => {
  test("healthz, readyz and the description", async () => {
    expect(await (await fetch(`${api.url}/healthz`)).json()).toMatchObject({ status: "ok" });
    expect(await (await fetch(`${api.url}/readyz`)).json()).toEqual({ status: "ready" });
    const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Record<string, unknown>;
    expect(document).toMatchObject({ openapi: "3.1.0", servers: [{ url: api.url }] });
  });

  test("the log has one line for each request, without path, query and token", async () => {
    const response = await fetch(`${api.url}/items/77?limit=${SECRET}`, {
      headers: { "x-request-id": "caller-chosen-1", authorization: `Bearer ${SECRET}` },
    });
    expect(response.headers.get("x-request-id")).toBe("caller-chosen-1");
    expect(api.access("caller-chosen-1")).toMatchObject({
      level: "info",
      method: "GET",
      route: "/items/{id}",
      status: 200,
      address: "127.0.0.1",
    });
    expect(api.lines.some((one) => one.includes(SECRET))).toBe(false);
    expect(api.lines.every((line) => line.endsWith("\n") && line.indexOf("\n") === line.length - 1)).toBe(true);
  });

  test("that X-Forwarded-For comes and no proxy is trusted is said once", async () => {
    const ask = (url: string) => fetch(`${url}/hello`, { headers: { "x-forwarded-for": "192.0.2.7" } });
    const said = (lines: string[]) => lines.filter((line) => line.includes("--trusted-proxies"));
    for (const [trustedProxies, times] of [
      [0, 1],
      [1, 0],
    ] as const) {
      await using own = startApi({ trustedProxies });
      await fetch(`${own.url}/hello`);
      expect(said(own.lines)).toEqual([]);
      for (let i = 0; i < 2; i++) await ask(own.url);
      expect(said(own.lines)).toHaveLength(times);
    }
  });

  test("metrics count by route and status, durations add up, nothing is left in flight", async () => {
    for (const path of ["/items/5", "/nothing"]) await fetch(`${api.url}${path}`);
    const text = await (await fetch(`${api.url}/metrics`)).text();
    expect(text).toMatch(/^km_http_requests_total\{method="GET",route="\/items\/\{id\}",status="200"\} \d+$/m);
    expect(text).toContain('km_http_requests_total{method="GET",route="none",status="404"}');
    expect(text).toMatch(/^km_http_requests_in_flight 1$/m);
    const of = (suffix: string) =>
      Number(new RegExp(`^km_http_request_duration_seconds_${suffix} (\\S+)$`, "m").exec(text)?.[1]);
    expect(of('bucket\\{route="/items/\\{id\\}",le="\\+Inf"\\}')).toBe(of('count\\{route="/items/\\{id\\}"\\}'));
    expect(text).toEndWith("\n");
  });
});
