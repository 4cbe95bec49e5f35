/** `km proxy` when clients, servers and the proxy itself end, stop reading or mean harm. */
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { descendants } from "./descendants.ts";
import { KM, makeHome } from "./km.ts";
import { test as linuxTest } from "./linux-test.ts";
import { isAlive, residentMegabytes } from "./processes.ts";
import { ANSWERING, answerIn, eventsOf, META, modern, startProxy } from "./run-proxy.ts";

const HOLD = '{"jsonrpc":"2.0","id":1,"method":"hold","params":{"_meta":{"progressToken":1}}}';
const PING = '{"jsonrpc":"2.0","id":2,"method":"exact"}';

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(20);
}

/** What a server of bytes is answered with, once it is answered. */
async function raw(url: string, text: string): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString();
    if (answer.includes("\r\n\r\n")) resolve(answer);
  });
  socket.on("close", () => resolve(answer));
  socket.on("error", () => resolve(answer));
  socket.write(text);
  const result = await promise;
  socket.destroy();
  return result;
}

describe("the end of the proxy", () => {
  linuxTest(
    "by SIGTERM lets open requests have their answers, and leaves nothing behind",
    async () => {
      using home = makeHome();
      await using proxy = await startProxy(home, ["--kill-timeout", "10s"]);
      const session = await proxy.open();
      const stream = eventsOf(await proxy.post(HOLD, session));
      await stream.next();
      const below = descendants(proxy.pid);
      expect(below.length).toBeGreaterThan(1);
      const exit = proxy.end("SIGTERM");
      // A new request is refused as soon as the signal has come; what belongs to the open one passes.
      while ((await proxy.post(PING, session)).status !== 503) await Bun.sleep(5);
      await proxy.post('{"jsonrpc":"2.0","method":"notifications/release"}', session);
      const rest = await Array.fromAsync(stream);
      expect(rest.at(-1)?.data).toContain("released");
      expect(await exit).toBe(0);
      await until(() => !below.some(isAlive));
    },
    60_000,
  );

  linuxTest(
    "by SIGKILL ends its servers too",
    async () => {
      using home = makeHome();
      await using proxy = await startProxy(home);
      await Promise.all([proxy.open(), proxy.open()]);
      await (await proxy.post(`{"jsonrpc":"2.0","id":1,"method":"exact","params":{${META}}}`, modern("exact"))).text();
      const below = descendants(proxy.pid);
      expect(below.length).toBeGreaterThanOrEqual(6);
      await proxy.end("SIGKILL");
      await until(() => !below.some(isAlive));
    },
    60_000,
  );
});

describe("a client that does not read its stream", () => {
  linuxTest(
    "makes its own server wait, and nobody else; memory stays where it is",
    async () => {
      using home = makeHome();
      await using proxy = await startProxy(home, ["--no-journal"]);
      const session = await proxy.open();
      const flood = await proxy.post('{"jsonrpc":"2.0","id":1,"method":"flood"}', session);
      const stream = eventsOf(flood);
      await stream.next();
      const other = await proxy.open();
      for (let count = 0; count < 20; count++) expect((await proxy.post(PING, other)).status).toBe(200);
      expect(residentMegabytes(proxy.pid)).toBeLessThan(300);
      // Once it is read again, all of it comes.
      const rest = await Array.fromAsync(stream);
      expect(rest).toHaveLength(801);
      expect(rest.at(-1)?.data).toContain('"flooded":true');
    },
    60_000,
  );

  test("of a server that others share loses its stream", async () => {
    using home = makeHome();
    await using proxy = await startProxy(home, ["--no-journal"]);
    const level = META.replace("{", '{"io.modelcontextprotocol/logLevel":"debug",');
    const body = `{"jsonrpc":"2.0","id":"f","method":"flood","params":{${level}}}`;
    const { port, host } = new URL(proxy.url);
    const socket = connect(Number(port), "127.0.0.1");
    const headers = { ...modern("flood"), host, "content-type": "application/json", accept: "text/event-stream" };
    const head = Object.entries({ ...headers, "content-length": String(body.length) });
    socket.write(`POST /mcp HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
    await new Promise((resolve) => void socket.once("readable", resolve));
    // The other client of the same server is served meanwhile.
    const ask = async () =>
      await proxy.post(`{"jsonrpc":"2.0","id":1,"method":"exact","params":{${META}}}`, modern("exact"));
    expect((await ask()).status).toBe(200);
    let text = "";
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        text = (text + chunk.toString()).slice(-1000);
        if (text.endsWith("\r\n0\r\n\r\n")) resolve();
      });
    });
    socket.destroy();
    expect(text).toContain("does not read the stream");
  }, 60_000);
});

describe("sessions", () => {
  test("are no more than allowed at once", async () => {
    using home = makeHome();
    await using proxy = await startProxy(home, ["--max-sessions", "2"]);
    const first = await proxy.open();
    await proxy.open();
    const params = '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}';
    const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":${params}}`;
    const refused = await proxy.post(initialize);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "10"]);
    await fetch(proxy.url, { method: "DELETE", headers: first });
    expect((await proxy.post(initialize)).status).toBe(200);
  });

  linuxTest(
    "that are idle end, those with an open request or stream do not",
    async () => {
      using home = makeHome();
      await using proxy = await startProxy(home, ["--idle-timeout", "1500ms"]);
      const [idle, asking, listening] = await Promise.all([proxy.open(), proxy.open(), proxy.open()]);
      const held = eventsOf(await proxy.post(HOLD, asking));
      const leave = new AbortController();
      const stream = eventsOf(await proxy.get(listening, leave.signal));
      await stream.next();
      while ((await proxy.post('{"jsonrpc":"2.0","method":"notifications/none"}', idle)).status === 202) {
        await Bun.sleep(2500); // what is sent keeps it alive
      }
      expect((await proxy.post('{"jsonrpc":"2.0","method":"notifications/release"}', asking)).status).toBe(202);
      expect((await Array.fromAsync(held)).at(-1)?.data).toContain("released");
      expect((await proxy.post(PING, listening)).status).toBe(200);
      leave.abort();
      await until(() => descendants(proxy.pid).length === 0);
    },
    60_000,
  );

  test("of a server that cannot be started are refused with an error that says so", async () => {
    using home = makeHome();
    await using proxy = await startProxy(home, [], ["/no/such/server"]);
    const answer = await proxy.post('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}');
    expect(answer.headers.get("mcp-session-id")).toBe(null);
    expect((await answerIn(answer)).error.message).toContain("The server has ended");
    await until(() => proxy.stderr().includes("/no/such/server"));
  });
});

describe("the transport of 2024-11-05", () => {
  linuxTest(
    "has a session for as long as its stream is read, and answers there",
    async () => {
      using home = makeHome();
      await using proxy = await startProxy(home, ["--sse"]);
      const leave = new AbortController();
      const address = proxy.url.replace("/mcp", "/sse");
      const events = eventsOf(await fetch(address, { headers: { accept: "text/event-stream" }, signal: leave.signal }));
      const path = (await events.next()).value?.data ?? "";
      expect(path).toMatch(/^\/messages\?sessionId=[\w-]{32}$/);
      const post = async (body: string, to = path) =>
        await fetch(new URL(to, address), { method: "POST", body, headers: { "content-type": "application/json" } });
      expect((await post('{"jsonrpc":"2.0","id":9007199254740993,"method":"exact"}')).status).toBe(202);
      expect((await events.next()).value?.data).toContain('"id" : 9007199254740993 }');
      expect((await post(PING, "/messages?sessionId=nobody")).status).toBe(404);
      expect((await post("{")).status).toBe(400);
      expect((await proxy.post(PING, { "mcp-session-id": path.slice(-32) })).status).toBe(404);
      leave.abort();
      await until(() => descendants(proxy.pid).length === 0);
      expect((await post(PING)).status).toBe(404);
    },
    60_000,
  );

  linuxTest("is not there for other sites", async () => {
    using home = makeHome();
    await using proxy = await startProxy(home, ["--sse"]);
    const address = proxy.url.replace("/mcp", "/sse");
    const get = async (headers: Record<string, string>) => (await fetch(address, { headers })).status;
    expect(await get({ accept: "text/event-stream", host: "evil.example.com" })).toBe(403);
    expect(await get({ accept: "text/event-stream", origin: "http://evil.example.com" })).toBe(403);
    expect(await get({ accept: "text/event-stream", "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await get({ accept: "text/html" })).toBe(406);
    expect(descendants(proxy.pid)).toEqual([]);
  });
});

describe("hostile requests", () => {
  test("are answered, and the next one is served", async () => {
    using home = makeHome();
    await using proxy = await startProxy(home, ["--max-body", "1mb"]);
    const { host } = new URL(proxy.url);
    const head = `POST /mcp HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`;
    const accept = "accept: application/json, text/event-stream\r\n";
    expect(await raw(proxy.url, `${head}${accept}content-length: 99999999999\r\n\r\n{`)).toContain(" 413 ");
    expect(await raw(proxy.url, `${head}x: ${"y".repeat(200_000)}\r\n\r\n`)).not.toContain(" 200 ");
    expect(await raw(proxy.url, `${head}${accept}content-length: 2\r\n\r\n\xff\xfe`)).toContain(" 400 ");
    expect(await raw(proxy.url, "GET /mcp HTTP/1.1\r\n\r\n")).not.toContain(" 200 ");
    for (const name of ["[", "a b", "x@127.0.0.1", `${host}/x`, `${host}#`, "evil.example.com"]) {
      expect(await raw(proxy.url, `GET /healthz HTTP/1.1\r\nhost: ${name}\r\n\r\n`)).toContain("HTTP/1.1 40");
    }
    expect(await raw(proxy.url, `GET http://evil.example.com/healthz HTTP/1.1\r\nhost: ${host}\r\n\r\n`)).toContain(
      "HTTP/1.1 ",
    );
    expect(await raw(proxy.url, `GET //evil.example.com/mcp HTTP/1.1\r\nhost: ${host}\r\n\r\n`)).toContain(
      "HTTP/1.1 40",
    );
    expect(await raw(proxy.url, "nonsense\r\n\r\n")).not.toContain(" 200 ");
    const chunks = `8000\r\n${"x".repeat(0x8000)}\r\n`.repeat(40);
    expect(await raw(proxy.url, `${head}${accept}transfer-encoding: chunked\r\n\r\n${chunks}`)).toContain(" 413 ");
    const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect((await proxy.post(nested)).status).toBe(400);
    const session = await proxy.open();
    expect((await proxy.post(PING, session)).status).toBe(200);
  });

  test.each(["--listen", "--metrics"])("a port of %s that is taken is said, and ends it", async (flag) => {
    using home = makeHome();
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const words = flag === "--listen" ? [] : ["--listen", "127.0.0.1:0"];
    const km = Bun.spawn([KM, "proxy", ...words, flag, `127.0.0.1:${other.port}`, "--", ...ANSWERING], {
      env: home.env,
      stderr: "pipe",
    });
    expect(await km.stderr.text()).toContain(`Cannot listen on 127.0.0.1:${other.port}: it is in use\n    Choose`);
    expect(await km.exited).toBe(1);
  });

  test("listening beyond this machine needs the names of hosts", async () => {
    using home = makeHome();
    const start = startProxy(home, ["--listen", "0.0.0.0:0"], ANSWERING);
    expect(start).rejects.toThrow("given twice");
    const open = Bun.spawn([KM, "proxy", "--listen", "0.0.0.0:0", "--", ...ANSWERING], {
      env: home.env,
      stderr: "pipe",
    });
    expect(await open.stderr.text()).toContain("--allow-host");
    expect(await open.exited).toBe(2);
  });
});
