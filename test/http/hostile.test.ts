/** What a hostile or broken server can do to its client: nothing that is seen by others, and nothing without end. */
import { expect, test } from "bun:test";
import { EventStream } from "../../src/http/event-stream.ts";
import { connectionProblem } from "../../src/http/problem.ts";
import { shownUrl } from "../../src/http/shown-url.ts";
import { startOf } from "../../src/servers/start-of.ts";
import { remoteTo } from "../../src/servers/server.ts";
import { agreed, Client, event, events, INITIALIZE, modern, result, serve } from "./remote-client.ts";

/** Answers every request with these bytes, whatever they are, and ends the connection. */
function answerWith(bytes: string) {
  const socket = { data: (one: Bun.Socket) => void one.end(bytes) };
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
  return { origin: `http://127.0.0.1:${server.port}`, [Symbol.dispose]: () => server.stop(true) };
}

test.each([
  ["a length below nothing", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}"],
  ["chunks that are none", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}"],
  ["no HTTP", "220 mail\r\n"],
  ["too many headers", `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(5000)}\r\n`],
])("an answer with %s is an error that says nothing of the address behind its path", async (_, bytes) => {
  using server = answerWith(bytes);
  await using client = new Client(`${server.origin}/mcp?key=hidden`, { retries: 0 });
  await client.send(modern(1, "tools/call", { name: "x" }));
  const line = await client.line();
  expect(line).not.toContain("hidden");
  expect(JSON.parse(line)).toMatchObject({ id: 1, error: { data: { url: `${server.origin}/mcp` } } });
});

test("a header whose value cannot be sent is named, and its value is not", async () => {
  using server = serve(({ message }) => result(message.id));
  await using client = new Client(server.url, { headers: { "x-key": "hidden\nx: y" } });
  const line = await client.ask({ id: 1, method: "ping" }).then((answer) => answer.error?.message ?? "");
  expect(line).toContain("the header x-key would have a value that no header can carry");
  expect(line).not.toContain("hidden");
  expect(connectionProblem(new Error("hidden")).reason).not.toContain("hidden");
});

test("an address is shown as it is written, where references in it stand for secrets", async () => {
  const remote = remoteTo("https://h.example/${env:TEAM}/mcp?k=${keychain:key}");
  const sources = { env: { TEAM: "hidden" }, readSecret: async () => await Promise.resolve("hidden") };
  const start = await startOf({ name: "h", start: { kind: "remote", remote } }, sources);
  const url = start.kind === "remote" ? start.remote.url : "";
  expect(url).toBe("https://h.example/hidden/mcp?k=hidden");
  expect(shownUrl(url)).toBe("https://h.example/${env:TEAM}/mcp");
});

test.each([
  ["0", 50],
  ["99999999999", 2],
])("a stream that is to be opened again after %s ms leads to no flood of requests", async (retry, most) => {
  using server = serve(({ method, message }) => {
    if (method === "GET") return events([`retry: ${retry}\n\n`]);
    return message.method === "initialize" ? agreed(message.id, "S1") : undefined;
  });
  await using client = new Client(server.url);
  await client.initialize();
  await Bun.sleep(300);
  expect(server.seen.filter(({ method }) => method === "GET").length).toBeWithin(1, most);
});

test("a stream goes on behind an event whose id is not of Latin-1", async () => {
  using server = serve(({ method, message, headers }) => {
    const last = headers.get("last-event-id");
    if (last !== null) return events([event({ id: 1, result: { last } })]);
    if (method === "POST" && message.method === "ping") return events(["retry: 1\nid: é→1\ndata:\n\n"]);
    return message.method === "initialize" ? agreed(message.id, "S1") : undefined;
  });
  await using client = new Client(server.url);
  await client.initialize();
  const { result: found } = await client.ask({ id: 1, method: "ping" });
  expect(Buffer.from(String(found?.["last"]), "latin1").toString()).toBe("é→1");
});

test("tools whose schemas are nested beyond measure arrive", async () => {
  const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  const line = `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"x","inputSchema":${deep}}]}}`;
  using server = serve(() => new Response(line, { headers: { "content-type": "application/json" } }));
  await using client = new Client(server.url);
  await client.send(modern(1, "tools/list"));
  expect((await client.line()) === line).toBe(true);
});

test("a redirect to what is no web address is not recommended", async () => {
  using server = serve(() => new Response(null, { status: 307, headers: { location: "file:///etc/passwd" } }));
  await using client = new Client(server.url);
  const { error } = await client.ask(modern(1, "tools/call", { name: "x" }));
  expect(error?.message).toEndWith("it sends elsewhere (HTTP 307). Check the URL.");
});

test("carriage returns and line feeds of an event never make two lines", () => {
  const bytes = new TextEncoder().encode('data: {"a":1,\rdata: "b":"\u2028\u0085"\r\ndata: }\r\r');
  expect(new EventStream(1000).push(bytes)).toEqual([{ type: "message", data: '{"a":1, "b":"\u2028\u0085" }' }]);
});

/** HTTP with SSE; whoever asks for `end` ends the stream. */
function serveSse(answers: (method: string, streams: number) => boolean) {
  const asked: string[] = [];
  let streams = 0;
  let stream: ReadableStreamDefaultController<string> | undefined;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      if (request.method === "GET") {
        streams++;
        const start = (controller: ReadableStreamDefaultController<string>) => {
          stream = controller;
          controller.enqueue("event: endpoint\ndata: /messages\n\n");
        };
        const body = new ReadableStream<string>({ start }).pipeThrough(new TextEncoderStream());
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      }
      const { id, method } = (await request.json()) as { id?: number; method: string };
      asked.push(method);
      if (method === "end") stream?.close();
      else if (id !== undefined && answers(method, streams)) stream?.enqueue(event({ id, result: {} }));
      return new Response(null, { status: 202 });
    },
  });
  const url = `http://127.0.0.1:${server.port}/sse`;
  return { url, asked, [Symbol.dispose]: () => void server.stop(true) };
}

test("nothing overtakes the session that is begun anew behind a stream that ended", async () => {
  using server = serveSse(() => true);
  await using client = new Client(server.url, { transport: "sse" });
  await client.initialize();
  await client.ask({ id: 1, method: "end" });
  await Promise.all([client.send({ id: 2, method: "one" }), client.send({ id: 3, method: "two" })]);
  expect(new Set([(await client.next()).id, (await client.next()).id])).toEqual(new Set([2, 3]));
  expect(server.asked.slice(3, 5)).toEqual(["initialize", "notifications/initialized"]);
});

test("a request does not wait for ever for a session that is not begun anew", async () => {
  using server = serveSse((method, streams) => method !== "initialize" || streams === 1);
  await using client = new Client(server.url, { transport: "sse", answerTimeoutMs: 300 });
  await client.ask(INITIALIZE);
  await client.send({ method: "notifications/initialized" });
  await client.ask({ id: 1, method: "end" });
  const { id, error } = await client.ask({ id: 2, method: "one" });
  expect([id, error?.message]).toEqual([2, expect.stringContaining("it does not begin the session anew")]);
});
