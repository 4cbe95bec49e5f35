/** `km proxy` with clients that speak the older era: sessions, streams, what is refused, and exact bytes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { kmSessions } from "./journal.ts";
import { type Home, makeHome } from "./km.ts";
import { answerIn, eventsOf, type Proxy, startProxy } from "./run-proxy.ts";

let home: Home;
let proxy: Proxy;

beforeAll(async () => {
  home = makeHome();
  proxy = await startProxy(home, ["--max-body", "64kb"]);
});

afterAll(async () => {
  await proxy?.end("SIGTERM");
  home?.[Symbol.dispose]();
});

const PING = '{"jsonrpc":"2.0","id":1,"method":"received"}';

describe("messages", () => {
  test("go to the server byte for byte, and its answers to the client", async () => {
    const session = await proxy.open();
    const sent = '{"jsonrpc" : "2.0","id":9007199254740993,"method":"exact","x":{"a":1.0},"params":{"t":"\\u00e9\\/"}}';
    const answer = await proxy.post(sent, session);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.text()).toBe(
      '{ "result" : {"big":9007199254740993,"text":"\\u0041\\/","x-unknown":[1.0,1e2]} ,"extra":{"id":7}, "id" : 9007199254740993 }',
    );
    const received = await answerIn(await proxy.post(PING, session));
    expect(received.result[1]).toBe(sent);
  });

  test("that are written over several lines become one, with blanks", async () => {
    const session = await proxy.open();
    const answer = await proxy.post('{\n"jsonrpc":"2.0",\r\n"id":"a",\n"method":"received"}\n', session);
    const { result } = await answerIn(answer);
    expect(result[1]).toBe('{ "jsonrpc":"2.0",  "id":"a", "method":"received"} ');
  });

  test("other than answers get 202", async () => {
    const session = await proxy.open();
    expect((await proxy.post('{"jsonrpc":"2.0","method":"notifications/initialized"}', session)).status).toBe(202);
    expect((await proxy.post('{"jsonrpc":"2.0","id":5,"result":{}}', session)).status).toBe(202);
  });

  test("that come before an answer make it a stream", async () => {
    const session = await proxy.open();
    const body = '{"jsonrpc":"2.0","id":1,"method":"progress","params":{"_meta":{"progressToken":"t\\u0031"}}}';
    const answer = await proxy.post(body, session);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const events = await Array.fromAsync(eventsOf(answer));
    expect(events.map(({ data }) => data.slice(0, 60))).toEqual([
      "", // so that the stream can be resumed before there is anything
      '{"jsonrpc":"2.0","method":"notifications/progress","params":',
      '{"jsonrpc":"2.0","method":"notifications/progress","params":',
      '{"jsonrpc":"2.0","id":1,"result":{}}',
    ]);
    expect(events[1]?.data).toContain('"progressToken":"t\\u0031"');
    expect(new Set(events.map(({ id }) => id)).size).toBe(4);
  });

  test("of a batch are answered on one stream, in 2025-03-26 alone", async () => {
    const batch = '[{"jsonrpc":"2.0","id":1,"method":"received"},{"jsonrpc":"2.0","id":2,"method":"exact"}]';
    const answer = await proxy.post(batch, await proxy.open("2025-03-26"));
    const answers = (await Array.fromAsync(eventsOf(answer))).map(({ data }) => data);
    expect(answers.map((text) => /"id" ?: ?(\d)[ }]*$/.exec(text)?.[1] ?? text.slice(0, 24))).toEqual([
      '{"jsonrpc":"2.0","id":1,',
      "2",
    ]);
    expect((await proxy.post(batch, await proxy.open())).status).toBe(400);
  });

  test("that the server asks go to the stream of GET, and the client answers with POST", async () => {
    const session = await proxy.open();
    const stream = eventsOf(await proxy.get(session));
    await stream.next(); // it has begun
    const answer = proxy.post('{"jsonrpc":"2.0","id":1,"method":"ask"}', session);
    const { value } = await stream.next();
    expect(value?.data).toBe('{"jsonrpc":"2.0","id":"from-server","method":"roots/list"}');
    await proxy.post('{"jsonrpc":"2.0","id":"from-server","result":{"roots":[]}}', session);
    expect((await answerIn(await answer)).result["answered"]).toContain('"roots":[]');
    await stream.return(undefined);
  });

  test("that the server asks come with the answer where there is no stream of GET", async () => {
    const session = await proxy.open();
    const stream = eventsOf(await proxy.post('{"jsonrpc":"2.0","id":1,"method":"ask"}', session));
    await stream.next();
    expect((await stream.next()).value?.data).toContain("roots/list");
    await proxy.post('{"jsonrpc":"2.0","id":"from-server","result":{}}', session);
    expect((await stream.next()).value?.data).toContain("answered");
    expect((await stream.next()).done).toBe(true);
  });

  test("that come while nobody listens wait for who does", async () => {
    const session = await proxy.open();
    await proxy.post('{"jsonrpc":"2.0","method":"notifications/say"}', session);
    // Its answer comes behind what was said, which is on its way by then.
    const events = await Array.fromAsync(eventsOf(await proxy.post(PING, session)));
    expect(events.map(({ data }) => data).join()).toContain('"said"');
  });
});

describe("a stream that broke off", () => {
  test("of POST goes on behind the last event, without loss or repetition", async () => {
    const session = await proxy.open();
    const leave = new AbortController();
    const body = '{"jsonrpc":"2.0","id":1,"method":"hold","params":{"_meta":{"progressToken":1}}}';
    const first = eventsOf(await proxy.post(body, session, leave.signal));
    await first.next();
    const { value: last } = await first.next();
    expect(last?.data).toContain('"progress":1');
    leave.abort();
    await first.next().catch(() => undefined);
    await proxy.post('{"jsonrpc":"2.0","method":"notifications/release"}', session);
    const resumed = await proxy.get({ ...session, "last-event-id": last?.id ?? "" });
    const events = await Array.fromAsync(eventsOf(resumed));
    expect(events.map(({ data }) => data)).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"released":true}}']);
  });

  test("of POST and is read again gets what the server asks", async () => {
    const session = await proxy.open();
    const leave = new AbortController();
    const body = '{"jsonrpc":"2.0","id":1,"method":"hold","params":{"_meta":{"progressToken":1}}}';
    const first = eventsOf(await proxy.post(body, session, leave.signal));
    const { value: last } = await first.next();
    leave.abort();
    await first.next().catch(() => undefined);
    const resumed = eventsOf(await proxy.get({ ...session, "last-event-id": last?.id ?? "" }));
    expect((await resumed.next()).value?.data).toContain('"progress":1');
    await proxy.post('{"jsonrpc":"2.0","method":"notifications/say"}', session);
    expect((await resumed.next()).value?.data).toContain('"said"');
    await resumed.return(undefined);
  });

  test("of GET goes on likewise, and there is one at a time", async () => {
    const session = await proxy.open();
    const say = async () => await proxy.post('{"jsonrpc":"2.0","method":"notifications/say"}', session);
    const leave = new AbortController();
    const stream = eventsOf(await proxy.get(session, leave.signal));
    await stream.next();
    await say();
    const { value: last } = await stream.next();
    expect((await proxy.get(session)).status).toBe(409);
    const resumed = eventsOf(await proxy.get({ ...session, "last-event-id": last?.id ?? "" }));
    await say();
    const { value: next } = await resumed.next();
    expect(next?.data).toContain('"said"');
    expect(next?.id).not.toBe(last?.id);
    leave.abort();
    await resumed.return(undefined);
  });

  test("cannot go on behind an event that never was", async () => {
    const session = await proxy.open();
    for (const id of ["0-99", "77-1", "x"]) {
      expect((await proxy.get({ ...session, "last-event-id": id })).status).toBe(400);
    }
  });
});

describe("a request is refused", () => {
  test.each([
    ["without a session", PING, {}, 400],
    ["of a session that is not there", PING, { "mcp-session-id": "nobody" }, 404],
    ["that is no JSON", "{", {}, 400],
    ["that is no message", "[1]", {}, 400],
    ["with a body that is too long", `"${"x".repeat(70_000)}"`, {}, 413],
    ["of another type", PING, { "content-type": "text/plain" }, 415],
    ["that takes JSON alone", PING, { accept: "application/json" }, 406],
    ["for another host", PING, { host: "evil.example.com" }, 403],
    ["for another port", PING, { host: "127.0.0.1:1" }, 403],
    ["from another origin", PING, { origin: "http://evil.example.com" }, 403],
    ["from nowhere", PING, { origin: "null" }, 403],
    ["from another site", PING, { "sec-fetch-site": "cross-site" }, 403],
  ])("%s", async (_name, body, headers, status) => {
    const response = await proxy.post(body, headers);
    expect(response.status).toBe(status);
    expect((await answerIn(response)).error.code).toBeLessThan(0);
  });

  test("with a version that is not known", async () => {
    const session = await proxy.open();
    const response = await proxy.post(PING, { ...session, "mcp-protocol-version": "1999-01-01" });
    expect(response.status).toBe(400);
    expect((await proxy.post(PING, { ...session, "mcp-protocol-version": "2025-06-18" })).status).toBe(200);
  });

  test("with another method or path", async () => {
    const response = await fetch(proxy.url, { method: "PUT" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, POST, DELETE"]);
    expect((await fetch(proxy.url.replace("/mcp", "/other"))).status).toBe(404);
    expect((await fetch(proxy.url.replace("/mcp", "/sse"))).status).toBe(404);
  });

  test("on every path where its host is not allowed, the one for the state of health too", async () => {
    const health = proxy.url.replace("/mcp", "/healthz");
    expect(await (await fetch(health)).text()).toBe("ok\n");
    expect((await fetch(health, { headers: { host: "evil.example.com" } })).status).toBe(403);
    expect((await fetch(health, { method: "OPTIONS", headers: { host: "evil.example.com" } })).status).toBe(403);
  });

  test("when its id is still open", async () => {
    const session = await proxy.open();
    const body = '{"jsonrpc":"2.0","id":8,"method":"hold","params":{"_meta":{"progressToken":1}}}';
    const held = eventsOf(await proxy.post(body, session));
    expect((await proxy.post('{"jsonrpc":"2.0","id":8,"method":"exact"}', session)).status).toBe(400);
    await proxy.post('{"jsonrpc":"2.0","method":"notifications/release"}', session);
    expect((await Array.fromAsync(held)).at(-1)?.data).toContain("released");
  });
});

test("a session ends with DELETE, and its recording with it", async () => {
  const session = await proxy.open();
  expect((await fetch(proxy.url, { method: "DELETE", headers: session })).status).toBe(204);
  expect((await proxy.post(PING, session)).status).toBe(404);
  expect((await fetch(proxy.url, { method: "DELETE", headers: session })).status).toBe(404);
});

test("requests that are open when the server ends get an error, and the session is over", async () => {
  const session = await proxy.open();
  const answer = await proxy.post('{"jsonrpc":"2.0","id":"k","method":"crash"}', session);
  const { id, error } = await answerIn(answer);
  expect([id, error.code]).toEqual(["k", -32_603]);
  expect((await proxy.post(PING, session)).status).toBe(404);
});

test("pages of the proxy's own origin may read its answers, and ask before", async () => {
  const origin = new URL(proxy.url).origin;
  const asked = await fetch(proxy.url, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-headers": "content-type, mcp-param-region, cookie" },
  });
  expect(asked.headers.get("access-control-allow-origin")).toBe(origin);
  expect(asked.headers.get("access-control-allow-headers")).toBe("content-type, mcp-param-region");
  const answer = await proxy.post("{", { origin });
  expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
});

test("each session has a journal of its own", async () => {
  using own = makeHome();
  await using one = await startProxy(own, ["--name", "files"]);
  const sessions = await Promise.all(Array.from({ length: 3 }, async () => await one.open()));
  await Promise.all(sessions.map(async (session) => await (await one.post(PING, session)).text()));
  expect(await one.end("SIGTERM")).toBe(0);
  const recorded = await kmSessions(own);
  expect(recorded).toHaveLength(3);
});
