/** `km monitor --url` as a client and the system see it: what is seen of it, how it flows and how it ends. */
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { agreed, event, INITIALIZE, modern, parsed, result, serve } from "../http/remote-client.ts";
import { freePort } from "../fixtures/free-port.ts";
import { KM } from "./km.ts";
import { test } from "./linux-test.ts";
import { Running, type RunOptions, until } from "./run-km.ts";

function remote(url: string, flags: string[] = [], options: RunOptions = {}): Running {
  return new Running([KM, "monitor", "--url", url, ...flags], options);
}

/** HTTP with SSE, as before 2025-03-26. */
function serveOldTransport(port: number) {
  const posts: string[] = [];
  let stream: ReadableStreamDefaultController<string> | undefined;
  const say = (message: object): void => stream?.enqueue(event(message));
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    idleTimeout: 0,
    async fetch(request) {
      if (request.method === "GET") {
        const start = (controller: ReadableStreamDefaultController<string>) => {
          stream = controller;
          controller.enqueue("event: endpoint\ndata: /messages\n\n");
        };
        const body = new ReadableStream<string>({ start }).pipeThrough(new TextEncoderStream());
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      }
      const { id, method } = parsed(await request.text());
      posts.push(method ?? "");
      if (id !== undefined) say({ id, result: { protocolVersion: "2024-11-05" } });
      return new Response(null, { status: 202 });
    },
  });
  return { posts, say, [Symbol.dispose]: () => void server.stop(true) };
}

const HELLO = { jsonrpc: "2.0", ...INITIALIZE };
const CALL = { jsonrpc: "2.0", ...modern(1, "tools/call", { name: "x" }) };

test("no secret stands in an argument or in the journal, and the server gets them", async () => {
  using server = serve(({ message }) => result(message.id));
  const url = server.url.replace("://", "://ada:pass-word@");
  const flags = ["--header", "x-key: ${env:REMOTE_KEY}"];
  await using km = remote(`${url}?key=query-secret`, flags, { env: { REMOTE_KEY: "header-secret" } });
  await km.send(CALL);
  await km.shown('"result"');
  const child = km.children().find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("__remote"));
  const words = readFileSync(`/proc/${child}/cmdline`, "utf8").split("\0");
  expect(words.slice(-3)).toEqual(["__remote", server.url, ""]);
  const { headers } = server.seen[0] ?? {};
  expect(headers?.get("authorization")).toBe(`Basic ${btoa("ada:pass-word")}`);
  expect(headers?.get("x-key")).toBe("header-secret");
  await km.closeInput();
  expect(await km.exited()).toBe(0);
  const [id = ""] = readdirSync(`${km.home.data}/sessions`);
  const info = readFileSync(`${km.home.data}/sessions/${id}/session.json`, "utf8");
  expect(JSON.parse(info)).toMatchObject({ name: `127.0.0.1:${server.port}`, command: ["km", "__remote", server.url] });
  expect(info + JSON.stringify(km.journal) + km.errors).not.toMatch(/pass-word|query-secret|header-secret/);
});

test("the client closes its end: what is open is answered, the session ended, and km exits with 0", async () => {
  const open = Promise.withResolvers<void>();
  using server = serve(async ({ message, method }) => {
    if (method === "DELETE") return new Response(null, { status: 204 });
    if (message.method === "initialize") return agreed(message.id, "S");
    if (message.id === undefined) return undefined;
    await open.promise;
    return result(message.id, { late: true });
  });
  await using km = remote(server.url);
  await km.send(HELLO);
  await km.shown('"id":0');
  await km.send(
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 1, method: "tools/call" },
  );
  await km.closeInput();
  await until(() => server.seen.some(({ message }) => message.id === 1), "the call to arrive");
  open.resolve();
  expect((await km.ended()).toString()).toContain('{"late":true}');
  expect(await km.exited()).toBe(0);
  expect(server.seen.at(-1)).toMatchObject({ method: "DELETE" });
  expect(km.errors).toBe("");
});

test("SIGTERM ends it soon, also with requests that are never answered, and nothing is left", async () => {
  using server = serve(({ message, method }) => {
    if (message.method === "initialize") return agreed(message.id, "S");
    if (method === "DELETE" || message.method === "never") return new Promise<Response>(() => {});
    return undefined;
  });
  await using km = remote(server.url);
  await km.send(HELLO);
  await km.shown('"id":0');
  await km.send({ jsonrpc: "2.0", id: 1, method: "never" });
  await until(() => server.seen.some(({ message }) => message.id === 1), "the call to arrive");
  const tree = km.tree();
  const start = performance.now();
  km.kill("SIGTERM");
  expect(await km.exited()).toBe(143);
  expect(performance.now() - start).toBeLessThan(10_000);
  await km.gone(tree);
});

test("the client closes its end and the server never answers: after a minute of silence that is an error, and the session ended", async () => {
  using server = serve(({ message, method }) => {
    if (method === "DELETE") return new Response(null, { status: 204 });
    if (message.method === "initialize") return agreed(message.id, "S");
    return message.id === undefined ? undefined : new Promise<Response>(() => {});
  });
  await using km = remote(server.url);
  await km.send(HELLO);
  await km.shown('"id":0');
  await km.send({ jsonrpc: "2.0", id: 1, method: "never" });
  await until(() => server.seen.some(({ message }) => message.id === 1), "the call to arrive");
  await km.closeInput();
  const since = performance.now();
  expect(await km.exited(100_000)).toBe(0);
  expect(performance.now() - since).toBeGreaterThan(55_000);
  expect(km.text).toContain('"id":1,"error"');
  expect(server.seen.at(-1)).toMatchObject({ method: "DELETE" });
  await km.gone([]);
}, 120_000);

test("a client that closes its end in the middle of the handshake is noticed, though the server never answers it", async () => {
  using server = serve(() => new Promise<Response>(() => {}));
  await using km = remote(server.url, ["--kill-timeout", "500ms"]);
  await km.send(HELLO);
  await until(() => server.seen.length > 0, "initialize to arrive");
  km.kill("SIGTERM");
  expect(await km.exited()).toBe(143);
  expect(km.text).toContain('"id":0,"error"');
});

test("the connection is there before the client's first message, which goes by it", async () => {
  let opened = 0;
  const connected = Promise.withResolvers<void>();
  const numbers: number[] = [];
  using server = Bun.listen<{ number: number }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { number: ++opened };
        connected.resolve();
      },
      data(socket, data) {
        numbers.push(socket.data.number);
        expect(data.toString()).toContain("POST /mcp ");
        const body = '{"jsonrpc":"2.0","id":1,"result":{}}';
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
      },
    },
  });
  await using km = remote(`http://127.0.0.1:${server.port}/mcp`);
  await connected.promise;
  await km.send(CALL);
  await km.shown('"result"');
  expect([opened, numbers[0]]).toEqual([1, 1]);
  await km.closeInput();
  expect(await km.exited()).toBe(0);
});

test("a server of HTTP with SSE that restarts: what it says of its own accord comes, though the client says nothing", async () => {
  const port = freePort();
  using first = serveOldTransport(port);
  await using km = remote(`http://127.0.0.1:${port}/sse`, ["--transport", "sse"]);
  await km.send(HELLO);
  await km.shown('"id":0');
  await km.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  await until(() => first.posts.includes("notifications/initialized"), "the session to begin");
  first[Symbol.dispose]();
  using second = serveOldTransport(port);
  await until(() => second.posts.includes("notifications/initialized"), "the session to begin anew");
  second.say({ method: "notifications/tools/list_changed" });
  await km.shown("notifications/tools/list_changed");
  expect(km.text.split("\n").filter((line) => line.includes('"id":0'))).toHaveLength(1);
  await km.closeInput();
  expect(await km.exited()).toBe(0);
});

test("a client that stops reading makes the server wait: memory stays flat", async () => {
  const line = `data: ${JSON.stringify({ jsonrpc: "2.0", method: "x", params: { text: "y".repeat(60_000) } })}\n\n`;
  const chunk = new TextEncoder().encode(line);
  const total = 50 << 20;
  let sent = 0;
  using server = serve(({ message }) => {
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await Bun.sleep(0);
        sent += chunk.length;
        controller.enqueue(chunk);
        if (sent < total) return;
        controller.enqueue(
          new TextEncoder().encode(`data: {"jsonrpc":"2.0","id":${String(message.id)},"result":{}}\n\n`),
        );
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  await using km = remote(server.url, ["--payloads", "metadata"], { unread: true, discard: true });
  await km.send(CALL);
  let before = -1;
  // It stands still when all that is between has been filled.
  for (let still = 0; still < 10; still = sent === before ? still + 1 : 0) {
    before = sent;
    await Bun.sleep(50);
  }
  expect(sent).toBeLessThan(total / 2);
  const child = km.children().find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("__remote"));
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child}/status`, "utf8"))?.[1]) * 1024;
  expect(rss).toBeLessThan(150 << 20);
  km.readOutput();
  await km.until(() => km.received > total * 0.999, "all of it"); // but for what makes it a stream of events
  await km.closeInput();
  expect(await km.exited()).toBe(0);
}, 60_000);

test("proxies of the environment are used", async () => {
  const seen: string[] = [];
  using proxy = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, data) {
        seen.push(data.toString().split("\r\n", 1)[0] ?? "");
        const body = '{"jsonrpc":"2.0","id":1,"result":{"by":"proxy"}}';
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
      },
    },
  });
  await using km = remote("http://mcp.example/mcp", [], { env: { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` } });
  await km.send(CALL);
  await km.shown('"by":"proxy"');
  expect(seen).toEqual(["POST http://mcp.example/mcp HTTP/1.1"]);
  await km.closeInput();
  expect(await km.exited()).toBe(0);
});

test("a line that cannot be sent is refused, and the next one is sent", async () => {
  using server = serve(({ message }) => result(message.id));
  await using km = remote(server.url);
  await km.write(Buffer.from('{"jsonrpc":"2.0","id":7,"method":"x","params":{"a":"\xff"}}\n\n', "latin1"));
  await km.send(CALL);
  await km.until(() => km.text.split("\n").length === 3, "two answers");
  expect(km.text).toContain('{"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"The message is not UTF-8"}}');
  expect(server.seen).toHaveLength(1);
});

test.each([
  [["--url", "mcp.example.com"], 'Flag --url needs a URL, not "mcp.example.com"'],
  [
    ["--url", "http://127.0.0.1/", "--header", "secret-without-colon"],
    "Flag --header needs a name, a colon and a value",
  ],
  [["--header", "a: b"], "belong to --url, which is missing"],
  [["--url", "http://127.0.0.1/", "--", "cat"], "One server, not several: --use, --url or a command behind --"],
])("km monitor %p is refused", async (words, message) => {
  await using km = new Running([KM, "monitor", ...words], {});
  expect(await km.exited()).toBe(2);
  expect(km.errors).toContain(message);
  expect(km.errors).not.toContain("secret-without");
});

const UNRESOLVED = "Cannot resolve ${env:NOT_THERE}";

test("what km cannot begin with is the answer to the first request, and ends the session", async () => {
  await using km = remote("http://127.0.0.1:1/mcp", ["--header", "x-key: ${env:NOT_THERE}"]);
  await km.write(`${JSON.stringify(HELLO)}\n`);
  expect(await km.exited()).toBe(1);
  expect(parsed(km.text).id).toBe(0);
  expect(parsed(km.text).error).toMatchObject({ code: -32000, message: expect.stringContaining(UNRESOLVED) });
  expect(parsed(km.text).error?.data).toMatchObject({ code: "SRV_004", hint: expect.stringContaining("NOT_THERE") });
  expect(km.errors).toContain(UNRESOLVED);
});
