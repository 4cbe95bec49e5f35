/** `km proxy` with clients that mean harm to the others or to it, or that break: what they cannot do, and what is left behind. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { descendants } from "./descendants.ts";
import { type Home, makeHome } from "./km.ts";
import { test as linuxTest } from "./linux-test.ts";
import { isAlive } from "./processes.ts";
import { answerIn, eventsOf, META, modern, type Proxy, startProxy } from "./run-proxy.ts";

let home: Home;
let proxy: Proxy;

beforeAll(async () => {
  home = makeHome();
  proxy = await startProxy(home, ["--no-journal"]);
});

afterAll(async () => {
  await proxy?.end("SIGTERM");
  home?.[Symbol.dispose]();
});

async function received(): Promise<string[]> {
  const body = `{"jsonrpc":"2.0","id":0,"method":"received","params":{${META}}}`;
  return (await answerIn(await proxy.post(body, modern("received")))).result;
}

describe("a client that shares the server with others", () => {
  test("does not cancel their requests by ids", async () => {
    const body = `{"jsonrpc":"2.0","id":"theirs","method":"hold","params":{${META}}}`;
    const held = proxy.post(body, modern("hold"));
    while (!(await received()).some((line) => line.includes('"hold"'))) await Bun.sleep(5);
    const cancel = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{${META},"requestId":"theirs"}}`;
    expect((await proxy.post(cancel, modern("notifications/cancelled"))).status).toBe(202);
    expect((await received()).filter((line) => line.includes("cancelled"))).toEqual([]);
    const release = `{"jsonrpc":"2.0","method":"notifications/release","params":{${META}}}`;
    await proxy.post(release, modern("notifications/release"));
    expect(await answerIn(await held)).toMatchObject({ id: "theirs", result: { released: true } });
  });

  test("does not have a progress token of its own making, however it writes the name", async () => {
    const meta = META.replace("{", '{"progress\\u0054oken":4711,');
    const body = `{"jsonrpc":"2.0","id":"token","method":"exact","params":{${meta}}}`;
    expect((await proxy.post(body, modern("exact"))).status).toBe(200);
    const line = (await received()).find((one) => one.includes("u0054oken")) ?? "";
    const [, own = ""] = /"id":(\d+)/.exec(line) ?? [];
    expect(line).toContain(`"progress\\u0054oken":${own},`);
  });

  test("sends no names that others may read as an id", async () => {
    for (const text of [
      `{"jsonrpc":"2.0","ID":1,"method":"exact","params":{${META}}}`,
      `{"jsonrpc":"2.0","id":1,"method":"exact","params":{${META.replace("{", '{"ProgressToken":1,')}}}`,
    ]) {
      expect((await proxy.post(text, modern("exact"))).status).toBe(400);
    }
  });
});

test("a subscription has its messages also from a server that writes slashes with backslashes", async () => {
  const body = `{"jsonrpc":"2.0","id":"mine","method":"subscriptions/listen","params":{${META},"escaped":true}}`;
  const leave = new AbortController();
  const stream = eventsOf(await proxy.post(body, modern("subscriptions/listen"), leave.signal));
  for (const method of ["subscriptions/acknowledged", "tools/list_changed"]) {
    const { value } = await stream.next();
    expect(value?.data).toContain(method);
    expect(value?.data).toContain('subscriptionId":"mine"');
  }
  leave.abort();
});

test("requests that are never answered do not become more and more", async () => {
  const session = await proxy.open("2025-03-26");
  const batch = (most: number) =>
    `[${Array.from({ length: most }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"hold"}`).join(",")}]`;
  expect((await proxy.post(batch(10_001), session)).status).toBe(503);
  const held = proxy.post(batch(10_000), session);
  const exact = async () => (await proxy.post('{"jsonrpc":"2.0","id":"x","method":"exact"}', session)).status;
  while ((await exact()) !== 503) await Bun.sleep(5);
  // Once some have their answers there is room again.
  while ((await exact()) !== 200) await proxy.post('{"jsonrpc":"2.0","method":"notifications/release"}', session);
  await fetch(proxy.url, { method: "DELETE", headers: session });
  await (await held).text();
});

test("the last answer of a server counts without its line feed, unless it was cut off", async () => {
  using own = makeHome();
  for (const [text, expected] of [
    ['{"jsonrpc":"2.0","id":0,"result":{}}', { result: {} }],
    ['{"jsonrpc":"2.0","id":0,"result":{}', { error: { message: "The server has ended before it answered" } }],
  ] as const) {
    const script = `await new Promise((read) => process.stdin.once("data", read)); process.stdout.write('${text}');process.exit(0)`;
    await using ending = await startProxy(own, ["--no-journal"], [process.execPath, "-e", script]);
    expect(await answerIn(await ending.post('{"jsonrpc":"2.0","id":0,"method":"initialize"}'))).toMatchObject(expected);
  }
});

linuxTest(
  "a client that leaves before the answer to initialize has no session",
  async () => {
    using own = makeHome();
    const started = join(own.folder, "started");
    const silent = ["sh", "-c", `touch '${started}'; while read line; do :; done`];
    await using mute = await startProxy(own, ["--max-sessions", "1"], silent);
    const leave = new AbortController();
    const initialize = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}';
    const asked = mute.post(initialize, {}, leave.signal).catch(() => undefined);
    while (!existsSync(started)) await Bun.sleep(5);
    leave.abort();
    await asked;
    while (descendants(mute.pid).length > 0) await Bun.sleep(20);
  },
  20_000,
);

linuxTest(
  "a stream that nobody reads holds up no end",
  async () => {
    using own = makeHome();
    await using flooded = await startProxy(own, ["--no-journal", "--kill-timeout", "60s"]);
    const session = await flooded.open();
    const socket = await unread(flooded, session);
    const leave = new AbortController();
    void flooded.post('{"jsonrpc":"2.0","id":1,"method":"flood"}', session, leave.signal).catch(() => undefined);
    await new Promise((resolve) => void socket.once("readable", resolve));
    await Bun.sleep(300); // so that the server waits, or it is not tried
    expect((await fetch(flooded.url, { method: "DELETE", headers: session })).status).toBe(204);
    while (descendants(flooded.pid).length > 0) await Bun.sleep(20);
    leave.abort();
    expect(await flooded.end("SIGTERM")).toBe(0);
    socket.destroy();
  },
  30_000,
);

linuxTest.each(["SIGTERM", "SIGKILL"] as const)(
  "%s leaves nothing behind, whatever is open",
  async (signal) => {
    using own = makeHome();
    await using busy = await startProxy(own, ["--no-journal", "--sse", "--kill-timeout", "300ms"]);
    const leave = new AbortController();
    const sessions = await Promise.all([busy.open(), busy.open(), busy.open()]);
    const hold = '{"jsonrpc":"2.0","id":1,"method":"hold"}';
    for (const session of sessions) void busy.post(hold, session, leave.signal).catch(() => undefined);
    const streams = await Promise.all(sessions.map(async (session) => await busy.get(session, leave.signal)));
    const modernHold = `{"jsonrpc":"2.0","id":1,"method":"hold","params":{${META}}}`;
    void busy.post(modernHold, modern("hold"), leave.signal).catch(() => undefined);
    const sse = await fetch(new URL("/sse", busy.url), {
      headers: { accept: "text/event-stream" },
      signal: leave.signal,
    });
    expect([sse, ...streams].map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    while (descendants(busy.pid).length < 10) await Bun.sleep(10); // a recorder and its server each
    const started = descendants(busy.pid);
    await busy.end(signal);
    leave.abort();
    while (started.some(isAlive)) await Bun.sleep(20);
  },
  30_000,
);

/** The stream of the session, of which nothing is read. */
async function unread({ url }: Proxy, session: Record<string, string>): Promise<Socket> {
  const { port, host } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  const head = Object.entries({ host, accept: "text/event-stream", ...session }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.write(`GET /mcp HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => void socket.once("readable", resolve));
  return socket;
}
