/** HTTP with server-sent events, as before 2025-03-26: found out by itself, kept to one origin, begun anew. */
import { expect, test } from "bun:test";
import { type Answer, Client, events, INITIALIZE, modern } from "./remote-client.ts";

/** A server of that time: messages go to /messages, everything comes by the stream. */
function oldServer(endpoint: (port: number, session: number) => string = (_, session) => `/messages?s=${session}`) {
  const posts: string[] = [];
  let session = 0;
  let stream: { send(text: string): void; close(): void } | undefined;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (request.method === "GET" && pathname === "/sse") {
        const end = Promise.withResolvers<void>();
        const encoder = new TextEncoder();
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            stream = { send: (text) => controller.enqueue(encoder.encode(text)), close: end.resolve };
            stream.send(`event: endpoint\ndata: ${endpoint(server.port ?? 0, ++session)}\n\n`);
            void end.promise.then(() => controller.close());
          },
        });
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      }
      if (pathname !== "/messages") return new Response("Not Found", { status: 404 });
      const message = JSON.parse(await request.text()) as Answer;
      posts.push(`${message.method} ${search}`);
      if (message.method === "fails") return new Response(null, { status: 500 });
      if (message.method !== "never" && message.id !== undefined) {
        const result = message.method === "initialize" ? { protocolVersion: "2024-11-05" } : { session };
        stream?.send(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", id: message.id, result })}\n\n`);
      }
      return new Response("Accepted", { status: 202 });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/sse`,
    posts,
    cut: () => stream?.close(),
    say: (message: object) => stream?.send(`data: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`),
    [Symbol.dispose]: () => void server.stop(true),
  };
}

test.each(["auto", "sse"] as const)("transport %s: initialize, requests and notifications", async (transport) => {
  using server = oldServer();
  await using client = new Client(server.url, { transport });
  expect((await client.initialize()).result).toEqual({ protocolVersion: "2024-11-05" });
  expect(await client.ask({ id: 1, method: "ping" })).toMatchObject({ id: 1, result: { session: 1 } });
  expect(server.posts).toEqual(["initialize ?s=1", "notifications/initialized ?s=1", "ping ?s=1"]);
});

test("who asks for 2026-07-28 first gets an error, and then the old transport", async () => {
  using server = oldServer();
  await using client = new Client(server.url);
  expect(await client.ask(modern("probe", "server/discover"))).toMatchObject({ id: "probe", error: { code: -32000 } });
  expect((await client.ask(INITIALIZE)).result).toEqual({ protocolVersion: "2024-11-05" });
});

test("nothing is sent to another origin", async () => {
  using server = oldServer((port) => `http://localhost:${port}/messages`);
  await using client = new Client(server.url, { transport: "sse" });
  expect((await client.ask(INITIALIZE)).error?.message).toContain("to another origin");
  expect(server.posts).toEqual([]);
});

test("a stream that names no endpoint", async () => {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => events(["data: {}\n\n"]) });
  await using client = new Client(`http://127.0.0.1:${server.port}/`, { transport: "sse" });
  expect((await client.ask(INITIALIZE)).error?.message).toContain("does not say where messages go");
});

test("a stream that ends: who waits gets an error, and what follows a session that was begun anew", async () => {
  using server = oldServer();
  await using client = new Client(server.url);
  await client.initialize();
  await client.send({ id: 1, method: "never" });
  while (!server.posts.some((post) => post.startsWith("never"))) await Bun.sleep(5);
  server.cut();
  expect((await client.next()).error?.message).toContain("ended before the answer");
  expect(await client.ask({ id: 2, method: "ping" })).toMatchObject({ id: 2, result: { session: 2 } });
  expect(server.posts.slice(-3)).toEqual(["initialize ?s=2", "notifications/initialized ?s=2", "ping ?s=2"]);
  expect((await client.ask({ id: 3, method: "fails" })).error?.data?.["status"]).toBe(500);
});

test("a stream that ends is opened again without a message of the client's, so that the server's come", async () => {
  using server = oldServer();
  await using client = new Client(server.url, { transport: "sse" });
  await client.initialize();
  for (const session of [2, 3]) {
    server.cut();
    while (!server.posts.includes(`notifications/initialized ?s=${session}`)) await Bun.sleep(5);
    server.say({ method: "notifications/tools/list_changed", params: { session } });
    expect(await client.next()).toMatchObject({ method: "notifications/tools/list_changed", params: { session } });
  }
});

test("a request that the client cancels is not waited for, and is no error when the stream ends", async () => {
  using server = oldServer();
  await using client = new Client(server.url, { transport: "sse" });
  await client.initialize();
  await client.send({ id: 1, method: "never" });
  while (!server.posts.some((post) => post.startsWith("never"))) await Bun.sleep(5);
  await client.send({ method: "notifications/cancelled", params: { requestId: 1 } });
  await client.link.settled();
  server.cut();
  expect((await client.ask({ id: 2, method: "ping" })).id).toBe(2);
});

test("an answer to what could not be sent is no second answer", async () => {
  using server = oldServer();
  await using client = new Client(server.url, { transport: "sse" });
  await client.initialize();
  expect((await client.ask({ id: 1, method: "fails" })).error?.data?.["status"]).toBe(500);
  server.say({ id: 1, result: { late: true } });
  server.say({ method: "notifications/tools/list_changed" });
  expect(await client.next()).toMatchObject({ method: "notifications/tools/list_changed" });
});
