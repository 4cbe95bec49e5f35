/** What is no answer: each failure becomes a JSON-RPC error for whoever waits, and is tried again only where that is safe. */
import { expect, test } from "bun:test";
import { freePort } from "../fixtures/free-port.ts";
import { agreed, Client, event, events, modern, result, serve } from "./remote-client.ts";

const CALL = modern(1, "tools/call", { name: "pay" });

test.each([
  [400, "text/html", "<h1>no</h1>", "refuses the message (HTTP 400)"],
  [401, "text/plain", "", "wants to know who asks (HTTP 401)"],
  [403, "text/plain", "", "does not allow this (HTTP 403)"],
  [404, "text/html", "<html>", "nothing at this path (HTTP 404)"],
  [405, "text/plain", "", "does not take messages at this path (HTTP 405)"],
  [406, "text/plain", "", "does not speak MCP"],
  [413, "text/plain", "", "too large for it (HTTP 413)"],
  [415, "text/plain", "", "does not speak MCP"],
  [429, "text/plain", "", "asked too often (HTTP 429)"],
  [500, "text/html", "<html>", "it failed (HTTP 500)"],
  [503, "text/plain", "", "not available now (HTTP 503)"],
  [200, "text/html", "<html>hello</html>", "its answer is a web page (HTTP 200)"],
  [200, "application/json", "", "its answer is empty"],
  [200, "application/json", '{"jsonrpc"', "its answer is no JSON-RPC"],
  [202, "text/plain", "", "its answer is empty"],
])("HTTP %i with %s %p: the error says what was found, where and what to do", async (status, type, body, reason) => {
  const headers = { "content-type": type, "retry-after": "3600" };
  using server = serve(() => new Response(body, { status, headers }));
  await using client = new Client(`${server.url}?token=secret`);
  const { id, error } = await client.ask(CALL);
  expect(id).toBe(1);
  expect(error?.code).toBe(-32000);
  expect(error?.message).toStartWith(`Cannot send tools/call to 127.0.0.1:${server.port}: `);
  expect(error?.message).toContain(reason);
  expect(error?.message).toEndWith(".");
  expect(error?.message).toEndWith(`: ${String(error?.data?.["reason"])}. ${String(error?.data?.["hint"])}`);
  expect(error?.data).toMatchObject({ status, url: server.url, reason: expect.stringContaining(reason) });
  expect(server.seen).toHaveLength(1);
});

test("an error's body that is JSON-RPC is the client's, with its own id where it has none", async () => {
  const own = '{"jsonrpc":"2.0", "id":1,"error":{"code":-32601,"message":"x","data":{"n":12345678901234567890}}}';
  const nobodys = '{"jsonrpc":"2.0","error":{"code":-32600, "message":"Bad Request"},"id":null}';
  using server = serve(({ message }) => {
    const body = message.id === 1 ? own : nobodys;
    return new Response(body, {
      status: message.id === 1 ? 404 : 400,
      headers: { "content-type": "application/json" },
    });
  });
  await using client = new Client(server.url);
  await client.send(CALL);
  expect(await client.line()).toBe(own);
  await client.send(modern("two", "server/discover"));
  expect(await client.line()).toBe('{"jsonrpc":"2.0","id":"two","error":{"code":-32600, "message":"Bad Request"}}');
});

test("what is no JSON-RPC is for the server to judge", async () => {
  const verdict = '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}';
  using server = serve(() => new Response(verdict, { status: 400 }));
  await using client = new Client(server.url);
  await client.send("{not json");
  expect(await client.line()).toBe(verdict);
  expect(server.seen[0]?.body).toBe("{not json");
});

test("a server that is not there: the error says so after the retries, and names no secret", async () => {
  const port = freePort();
  await using client = new Client(`http://127.0.0.1:${port}/mcp?key=secret`, { retries: 1 });
  const { error } = await client.ask(CALL);
  expect(error?.message).toContain("refuses the connection");
  expect(JSON.stringify(error)).not.toContain("secret");
});

test("a server that comes up meanwhile gets the message once", async () => {
  const port = freePort();
  await using client = new Client(`http://127.0.0.1:${port}/mcp`, { retries: 5 });
  const sent = client.ask(CALL);
  await Bun.sleep(50);
  let count = 0;
  const server = Bun.serve({ port, hostname: "127.0.0.1", fetch: () => result(1, { count: ++count }) });
  expect(await sent).toMatchObject({ id: 1, result: { count: 1 } });
  await server.stop(true);
});

test("no such host", async () => {
  await using client = new Client("http://no-such-host.invalid/mcp", { retries: 0 });
  expect((await client.ask(CALL)).error?.message).toContain("there is no such host");
});

test("what only reads is tried again, what may have done something is not", async () => {
  using server = serve(({ message }, count) => {
    if (message.method === "tools/list" && count % 3 === 0) return result(message.id);
    return new Response(null, { status: 503 });
  });
  await using client = new Client(server.url);
  expect(await client.ask(modern(1, "tools/list"))).toMatchObject({ id: 1, result: {} });
  expect(server.seen).toHaveLength(3);
  expect((await client.ask(CALL)).error?.data?.["status"]).toBe(503);
  expect(server.seen).toHaveLength(4);
});

test("who is asked too often did nothing: whatever it was is sent again after Retry-After", async () => {
  const times: number[] = [];
  using server = serve(({ message }, count) => {
    times.push(performance.now());
    return count === 1 ? new Response(null, { status: 429, headers: { "retry-after": "1" } }) : result(message.id);
  });
  await using client = new Client(server.url);
  expect(await client.ask(CALL)).toMatchObject({ id: 1, result: {} });
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(990);
});

/** Answers with bytes, and closes the connection. */
function answerWith(text: string | Uint8Array) {
  let count = 0;
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        count++;
        socket.write(text);
        socket.end();
      },
    },
  });
  return {
    url: `http://127.0.0.1:${listener.port}/mcp`,
    count: () => count,
    [Symbol.dispose]: () => listener.stop(true),
  };
}

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
const STREAM = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

test.each([
  ["no answer at all", "", "closed the connection"],
  ["half an answer", `${HEAD}{"jsonrpc":"2.0",`, "closed the connection"],
  ["a stream that breaks off", `${STREAM}5\r\ndata:\r\n`, "closed the connection"],
  ["a stream that ends without an answer", `${STREAM}0\r\n\r\n`, "gave no answer"],
])("%s: a call is not repeated, a list is", async (_, bytes, reason) => {
  using server = answerWith(bytes);
  await using client = new Client(server.url, { retries: 1 });
  expect((await client.ask(CALL)).error?.message).toContain(reason);
  expect(server.count()).toBe(1);
  expect((await client.ask(modern(2, "tools/list"))).error?.message).toContain(reason);
  expect(server.count()).toBe(3);
});

test("bytes that are not UTF-8, as JSON and as events", async () => {
  const bad = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"x":"\xff"}}', "latin1");
  using server = serve(({ message }) => {
    const isStream = message.method === "tools/list";
    const body = isStream ? Buffer.concat([Buffer.from("data: "), bad, Buffer.from("\n\n")]) : bad;
    return new Response(body, { headers: { "content-type": isStream ? "text/event-stream" : "application/json" } });
  });
  await using client = new Client(server.url);
  expect((await client.ask(CALL)).error?.message).toContain("not UTF-8");
  expect((await client.ask(modern(2, "tools/list"))).error?.message).toContain("not UTF-8");
  expect(server.seen).toHaveLength(2);
});

test("an event that is no JSON-RPC is passed over, and named where there is no answer", async () => {
  using server = serve(({ message }) =>
    events(["data: hello\n\n", message.id === 1 ? event({ id: 1, result: {} }) : ""]),
  );
  await using client = new Client(server.url);
  expect(await client.ask(CALL)).toMatchObject({ id: 1, result: {} });
  expect((await client.ask(modern(2, "tools/call"))).error?.message).toContain("is no JSON-RPC");
});

test("an answer that never comes, and one that stops", async () => {
  using server = serve(({ message }) => {
    if (message.id === 1) return new Promise<Response>(() => {});
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
    return new Response(body, { headers: { "content-type": "application/json" } });
  });
  await using client = new Client(server.url, { answerTimeoutMs: 200 });
  expect((await client.ask(CALL)).error?.message).toContain("has not answered within 0.2 s");
  expect((await client.ask(modern(2, "tools/call"))).error?.message).toContain("was not complete 0.2 s after it began");
});

test("it goes where the server sends it within the server, with all that belongs to it", async () => {
  using server = serve(({ message }, count) =>
    count === 1 ? new Response(null, { status: 307, headers: { location: "/mcp/" } }) : result(message.id),
  );
  await using client = new Client(server.url, { headers: { authorization: "Bearer t" } });
  expect(await client.ask(CALL)).toMatchObject({ id: 1, result: {} });
  expect(server.seen.map(({ headers }) => headers.get("authorization"))).toEqual(["Bearer t", "Bearer t"]);
  expect(server.seen[1]?.body).toBe(server.seen[0]?.body ?? "");
});

test("it does not go to another server, which gets nothing", async () => {
  using other = serve(({ message }) => result(message.id));
  using server = serve(() => new Response(null, { status: 307, headers: { location: `${other.url}?a=secret` } }));
  await using client = new Client(server.url, { headers: { authorization: "Bearer t" } });
  const { error } = await client.ask(CALL);
  expect(error?.message).toContain(`use ${other.url} as its URL`);
  expect(error?.message).not.toContain("secret");
  expect(other.seen).toHaveLength(0);
});

test("a notification that fails is said, and what follows goes on", async () => {
  using server = serve(({ message }) =>
    message.id === undefined ? new Response(null, { status: 500 }) : result(message.id),
  );
  await using client = new Client(server.url);
  await client.send({ method: "notifications/roots/list_changed" });
  expect(client.said).toEqual([
    `Cannot send notifications/roots/list_changed to 127.0.0.1:${server.port}: it failed (HTTP 500). See what the server says in its log.`,
  ]);
  expect(await client.ask(CALL)).toMatchObject({ id: 1 });
});

test("whoever is refused and then let in is asked once for all that wait, and the messages are sent again", async () => {
  let token = "old";
  let logins = 0;
  let login: Promise<boolean> | undefined;
  const authorizer = {
    headers: () => Promise.resolve({ authorization: `Bearer ${token}` }),
    refused(status: number, challenge: string | null): Promise<boolean> {
      expect([status, challenge]).toEqual([401, 'Bearer realm="x"']);
      login ??= Bun.sleep(20).then(() => {
        logins++;
        token = "new";
        return true;
      });
      return login;
    },
  };
  using server = serve(({ message, headers }) =>
    headers.get("authorization") === "Bearer new"
      ? result(message.id)
      : new Response(null, { status: 401, headers: { "www-authenticate": 'Bearer realm="x"' } }),
  );
  await using client = new Client(server.url, { authorizer });
  for (const id of [1, 2, 3]) await client.send(modern(id, "tools/call"));
  for (const _ of [1, 2, 3]) expect((await client.next()).result).toEqual({});
  expect(logins).toBe(1);
});

test("a server that takes no GET is no trouble, whatever it says to it", async () => {
  using server = serve(({ message, method }) => {
    if (method === "GET") return new Response("?", { status: 400 });
    if (message.method === "initialize") return agreed(message.id, "S");
    return message.id === undefined ? undefined : result(message.id);
  });
  await using client = new Client(server.url);
  await client.initialize();
  expect(await client.ask({ id: 1, method: "ping" })).toMatchObject({ id: 1, result: {} });
  expect(client.said).toEqual([]);
});

/** A body that brings a piece every 20 ms for as long as it is read. */
function trickle(piece: string, type: string, last?: { afterMs: number; text: string }): Response {
  const since = performance.now();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await Bun.sleep(20);
      const isLast = last !== undefined && performance.now() - since > last.afterMs;
      controller.enqueue(new TextEncoder().encode(isLast ? last.text : piece));
      if (isLast) controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": type } });
}

test("JSON that trickles has to be complete some time", async () => {
  using server = serve(() => trickle(" ", "application/json"));
  await using client = new Client(server.url, { answerTimeoutMs: 400, retries: 3 });
  expect((await client.ask(CALL)).error?.message).toContain("was not complete 0.4 s after it began");
  expect((await client.ask(modern(2, "tools/list"))).error?.message).toContain("was not complete");
  expect(server.seen).toHaveLength(2); // what is late once is not asked for again
});

test("a stream may last as long as it brings something, and a comment is enough; one that brings nothing is an error", async () => {
  using server = serve(({ message }) => {
    if (message.id === 2) return events([": open\n\n", () => new Promise(() => {})]);
    return trickle(": alive\n\n", "text/event-stream", { afterMs: 1500, text: event({ id: message.id, result: {} }) });
  });
  await using client = new Client(server.url, { answerTimeoutMs: 600 });
  expect(await client.ask(CALL)).toMatchObject({ id: 1, result: {} });
  const { error } = await client.ask(modern(2, "tools/call", { name: "x" }));
  expect(error?.message).toContain("its event stream brought nothing for 0.6 s");
});
