/** `km proxy` with clients of 2026-07-28: no sessions, one server for all, and headers that must say what the body says. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Home, makeHome } from "./km.ts";
import { answerIn, eventsOf, META, modern, type Proxy, startProxy } from "./run-proxy.ts";

let home: Home;
let proxy: Proxy;

beforeAll(async () => {
  home = makeHome();
  proxy = await startProxy(home);
});

afterAll(async () => {
  await proxy?.end("SIGTERM");
  home?.[Symbol.dispose]();
});

async function ask(id: string, method: string, rest = "", headers = modern(method)): Promise<Response> {
  return await proxy.post(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${META}${rest}}}`, headers);
}

async function received(): Promise<string[]> {
  return (await answerIn(await ask("0", "received"))).result;
}

describe("requests of several clients", () => {
  test("may have the same id, and each gets its own back as it wrote it", async () => {
    const ids = ["1", "1", '"1"', "9007199254740993", '"\\u0061\\/"', "1.0"];
    const answers = await Promise.all(ids.map(async (id) => await (await ask(id, "exact")).text()));
    expect(answers).toEqual(
      ids.map(
        (id) =>
          `{ "result" : {"big":9007199254740993,"text":"\\u0041\\/","x-unknown":[1.0,1e2]} ,"extra":{"id":7}, "id" : ${id} }`,
      ),
    );
  });

  test("reach the server with nothing changed but the id and the progress token", async () => {
    const sent = `{ "jsonrpc":"2.0", "x":"\\u00e9", "id" : "mine", "method":"progress","params":{"_meta":{"progressToken":"mine","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}},"id":"mine"}}`;
    await (await proxy.post(sent, modern("progress"))).text();
    const line = (await received()).find((one) => one.includes("u00e9")) ?? "";
    const [, own = ""] = /"id" : (\d+)/.exec(line) ?? [];
    expect(line).toBe(
      sent.replace('"id" : "mine"', `"id" : ${own}`).replace('"progressToken":"mine"', `"progressToken":${own}`),
    );
  });

  test("have their own progress, and no other's", async () => {
    const rest = `"_meta":{"progressToken":7,"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`;
    const bodies = [1, 2, 3].map((id) => `{"jsonrpc":"2.0","id":${id},"method":"progress","params":{${rest}}}`);
    const streams = await Promise.all(
      bodies.map(async (body) => await Array.fromAsync(eventsOf(await proxy.post(body, modern("progress"))))),
    );
    expect(streams.map((events) => events.map(({ data }) => data))).toEqual(
      [1, 2, 3].map((id) => [
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1}}',
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":2}}',
        `{"jsonrpc":"2.0","id":${id},"result":{}}`,
      ]),
    );
  });

  test("are cancelled when the client closes their stream", async () => {
    const leave = new AbortController();
    const rest = `"_meta":{"progressToken":"p","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`;
    const body = `{"jsonrpc":"2.0","id":"to cancel","method":"hold","params":{${rest}}}`;
    const stream = eventsOf(await proxy.post(body, modern("hold"), leave.signal));
    await stream.next();
    leave.abort();
    await stream.next().catch(() => undefined);
    let lines: string[] = [];
    while (!lines.some((line) => line.includes("notifications/cancelled"))) lines = await received();
    const [, own = "none"] = /"id":(\d+)/.exec(lines.find((line) => line.includes('"hold"')) ?? "") ?? [];
    expect(lines.find((line) => line.includes("notifications/cancelled"))).toContain(`"requestId":${own},`);
  });

  test("are cancelled too when nothing was answered yet", async () => {
    const leave = new AbortController();
    const body = `{"jsonrpc":"2.0","id":"silent","method":"hold","params":{${META},"silent":true}}`;
    const asked = proxy.post(body, modern("hold"), leave.signal).catch(() => undefined);
    let lines: string[] = [];
    while (!lines.some((line) => line.includes('"silent":true'))) lines = await received();
    leave.abort();
    await asked;
    const [, own = "none"] = /"id":(\d+)/.exec(lines.find((line) => line.includes('"silent":true')) ?? "") ?? [];
    while (!lines.some((line) => line.includes(`"requestId":${own},`))) lines = await received();
  });

  test("get a subscription's messages with the id of their own request", async () => {
    const leave = new AbortController();
    const body = `{"jsonrpc":"2.0","id":"sub","method":"subscriptions/listen","params":{${META},"notifications":{}}}`;
    const stream = eventsOf(await proxy.post(body, modern("subscriptions/listen"), leave.signal));
    const events = [await stream.next(), await stream.next()].map(({ value }) => JSON.parse(value?.data ?? "{}"));
    expect(events.map(({ method, params }) => [method, params["_meta"]])).toEqual([
      ["notifications/subscriptions/acknowledged", { "io.modelcontextprotocol/subscriptionId": "sub" }],
      ["notifications/tools/list_changed", { "io.modelcontextprotocol/subscriptionId": "sub" }],
    ]);
    leave.abort();
  });
});

describe("a request is refused", () => {
  test.each([
    ["without its version", {}, -32_020],
    ["without its method", { "mcp-protocol-version": "2026-07-28" }, -32_020],
    ["of another version", { ...modern("exact"), "mcp-protocol-version": "2025-11-25" }, -32_020],
    ["of another method", modern("Exact"), -32_020],
  ])("whose headers are %s", async (_name, headers, code) => {
    const answer = await ask('"x"', "exact", "", headers);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ id: "x", error: { code } });
  });

  test("of a version that is not known, and those that are told", async () => {
    const version = { ...modern("exact"), "mcp-protocol-version": "2099-01-01" };
    const body = `{"jsonrpc":"2.0","id":1,"method":"exact","params":{${META.replace("2026-07-28", "2099-01-01")}}}`;
    const answer = await proxy.post(body, version);
    const { error } = await answerIn(answer);
    expect([answer.status, error.code, error.data]).toEqual([
      400,
      -32_022,
      { supported: ["2026-07-28"], requested: "2099-01-01" },
    ]);
  });

  test("without what each must say", async () => {
    const answer = await proxy.post('{"jsonrpc":"2.0","id":1,"method":"exact","params":{}}', modern("exact"));
    expect([answer.status, (await answerIn(answer)).error.code]).toEqual([400, -32_602]);
  });

  test("with 404 where the server does not know the method", async () => {
    const answer = await ask("3", "no/such");
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { jsonrpc: "2.0", id: 3, error: { code: -32_601, message: "Method not found" } },
    ]);
  });

  test("when a name stands twice in it, as another's id might", async () => {
    const body = `{"jsonrpc":"2.0","id":1,"ID":2,"method":"exact","params":{${META}}}`;
    expect((await proxy.post(body, modern("exact"))).status).toBe(400);
  });

  test("in a batch", async () => {
    const body = `[{"jsonrpc":"2.0","id":1,"method":"exact","params":{${META}}}]`;
    expect((await proxy.post(body, modern("exact"))).status).toBe(400);
  });

  test("to read a stream of no request", async () => {
    const answer = await proxy.get({ "mcp-protocol-version": "2026-07-28" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

describe("the header of a tool's argument", () => {
  const call = async (region: string, header?: string): Promise<number> => {
    const headers = {
      ...modern("tools/call", "near"),
      ...(header === undefined ? {} : { "mcp-param-region": header }),
    };
    return (await ask("1", "tools/call", `,"name":"near","arguments":{"region":${JSON.stringify(region)}}`, headers))
      .status;
  };

  test("must say what the argument says, once the tools are listed", async () => {
    await (await ask("1", "tools/list")).text();
    expect(await call("eu", "eu")).toBe(200);
    expect(await call("eu", " eu ")).toBe(200);
    expect(await call("ü", `=?base64?${Buffer.from("ü").toString("base64")}?=`)).toBe(200);
    expect(await call("=?base64?x", "=?base64?x")).toBe(200);
    expect(await call("eu")).toBe(400);
    expect(await call("eu", "us")).toBe(400);
    expect(await call("Hello", "=?base64?SGVsbG8?=")).toBe(400);
  });
});

test("the answer is a stream for a client that takes nothing else, and JSON alone for one that takes no stream", async () => {
  const stream = await ask("1", "exact", "", { ...modern("exact"), accept: "text/event-stream" });
  expect(stream.headers.get("content-type")).toBe("text/event-stream");
  expect((await Array.fromAsync(eventsOf(stream)))[0]?.data).toContain("9007199254740993");
  const body = `{"jsonrpc":"2.0","id":1,"method":"progress","params":{${META.replace("{", '{"progressToken":1,')}}}`;
  const json = await proxy.post(body, { ...modern("progress"), accept: "application/json" });
  expect(await json.json()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
});

test("a server that has ended is started again at the next request", async () => {
  const crash = await ask("5", "crash");
  expect(await crash.json()).toMatchObject({ id: 5, error: { code: -32_603 } });
  expect((await ask("6", "exact")).status).toBe(200);
});

test("a server that ends each time is left alone for a while", async () => {
  using own = makeHome();
  await using ending = await startProxy(own, [], [process.execPath, "-e", "process.exit(1)"]);
  const body = `{"jsonrpc":"2.0","id":1,"method":"exact","params":{${META}}}`;
  let answer = await ending.post(body, modern("exact"));
  for (let tries = 0; answer.status === 200 && tries < 20; tries++) {
    expect((await answerIn(answer)).error.code).toBe(-32_603);
    answer = await ending.post(body, modern("exact"));
  }
  expect([answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([503, true]);
});
