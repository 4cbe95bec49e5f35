/** `km monitor --url` as a client and the system see it: what is seen of it, how it flows and how it ends. */
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { agreed, INITIALIZE, modern, result, serve } from "../http/remote-client.ts";
import { KM } from "./km.ts";
import { test } from "./linux-test.ts";
import { Running, type RunOptions, until } from "./run-km.ts";

function remote(url: string, flags: string[] = [], options: RunOptions = {}): Running {
  return new Running([KM, "monitor", "--url", url, ...flags], options);
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
