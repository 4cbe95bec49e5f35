/** Streamable HTTP of both eras: what goes out, and what comes of the answers. */
import { expect, test } from "bun:test";
import { agreed, Client, event, events, INITIALIZE, modern, result, serve } from "./remote-client.ts";

test("a message goes out and comes back byte for byte, but for line feeds", async () => {
  const body =
    '{ "jsonrpc":"2.0",\n  "id": 9007199254740993,\r\n"result":{"n":12345678901234567890,"e":1e2,"u":"\\u00e9","x":1.0}}\n';
  using server = serve(() => new Response(body, { headers: { "content-type": "application/json; charset=utf-8" } }));
  await using client = new Client(server.url);
  const line =
    '{"id":9007199254740993, "jsonrpc":"2.0","method":"custom/method","unknown":1.0,"params":{"n":9007199254740993}}';
  await client.send(line);
  expect(await client.line()).toBe(
    '{ "jsonrpc":"2.0",   "id": 9007199254740993,  "result":{"n":12345678901234567890,"e":1e2,"u":"\\u00e9","x":1.0}}',
  );
  expect(server.seen[0]?.body).toBe(line);
});

test("a session before 2026-07-28: its id and the version agreed upon go with everything behind initialize, DELETE ends it", async () => {
  using server = serve(({ message, method }) => {
    if (method === "DELETE") return new Response(null, { status: 204 });
    if (message.method === "initialize") return agreed(message.id, "S1");
    return message.id === undefined ? undefined : result(message.id);
  });
  {
    await using client = new Client(server.url);
    await client.initialize();
    expect(await client.ask({ id: "a", method: "ping" })).toMatchObject({ id: "a", result: {} });
  }
  const heads = server.seen.map(({ method, message, headers }) => [
    method,
    message.method ?? "",
    headers.get("mcp-session-id"),
    headers.get("mcp-protocol-version"),
  ]);
  expect(heads.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    ["DELETE", "", "S1", "2025-06-18"],
    ["GET", "", "S1", "2025-06-18"],
    ["POST", "initialize", null, null],
    ["POST", "notifications/initialized", "S1", "2025-06-18"],
    ["POST", "ping", "S1", "2025-06-18"],
  ]);
  expect(server.seen.find(({ method }) => method === "POST")?.headers.get("accept")).toBe(
    "application/json, text/event-stream",
  );
});

test("messages of 2026-07-28 say in headers what they are, in Base64 where a header could not carry it", async () => {
  using server = serve(({ message }) => result(message.id));
  await using client = new Client(server.url);
  await client.ask(modern(1, "tools/call", { name: "add" }));
  await client.ask(modern(2, "resources/read", { uri: "file:///ü" }));
  await client.ask(modern(3, "tasks/get", { taskId: " t" }));
  const heads = server.seen.map(({ headers }) =>
    ["mcp-protocol-version", "mcp-method", "mcp-name"].map((name) => headers.get(name)),
  );
  expect(heads).toEqual([
    ["2026-07-28", "tools/call", "add"],
    ["2026-07-28", "resources/read", `=?base64?${btoa("file:///\xc3\xbc")}?=`],
    ["2026-07-28", "tasks/get", `=?base64?${btoa(" t")}?=`],
  ]);
});

const TOOLS = {
  tools: [
    {
      name: "deploy",
      inputSchema: {
        type: "object",
        properties: {
          region: { type: "string", "x-mcp-header": "Region" },
          to: { type: "object", properties: { count: { type: "integer", "x-mcp-header": "Count" } } },
          dry: { type: "boolean", "x-mcp-header": "Dry" },
          other: { type: "string" },
        },
      },
    },
    {
      name: "wrong",
      inputSchema: { type: "object", properties: { a: { type: "array", items: { "x-mcp-header": "A" } } } },
    },
  ],
};

test("arguments that a tool's definition wants in headers are there, with all digits, and left out where they are not given", async () => {
  using server = serve(({ message }) => result(message.id, message.method === "tools/list" ? TOOLS : {}));
  await using client = new Client(server.url);
  await client.ask(modern(1, "tools/list"));
  const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
  await client.ask(
    `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"deploy","arguments":{"region":"süd","to":{"count":9007199254740993},"other":"x"},${meta}}}`,
  );
  const { headers } = server.seen[1] ?? {};
  expect(headers?.get("mcp-param-region")).toBe(`=?base64?${Buffer.from("süd").toString("base64")}?=`);
  expect(headers?.get("mcp-param-count")).toBe("9007199254740993");
  expect(headers?.has("mcp-param-dry")).toBe(false);
  expect(headers?.has("mcp-param-other")).toBe(false);
});

test("a tool with an invalid header in its definition is not called", async () => {
  using server = serve(({ message }) => result(message.id, TOOLS));
  await using client = new Client(server.url);
  await client.ask(modern(1, "tools/list"));
  const answer = await client.ask(modern(2, "tools/call", { name: "wrong", arguments: {} }));
  expect(answer.error?.code).toBe(-32602);
  expect(answer.error?.message).toContain("x-mcp-header");
  expect(server.seen).toHaveLength(1);
});

test("a call that was refused for its headers is repeated when the definitions are known", async () => {
  using server = serve(({ message, headers }) => {
    if (message.method === "tools/list") return result(message.id, TOOLS);
    if (headers.has("mcp-param-region")) return result(message.id, { ok: true });
    const error = { code: -32020, message: "Header mismatch" };
    return Response.json({ jsonrpc: "2.0", id: message.id, error }, { status: 400 });
  });
  await using client = new Client(server.url);
  const call = modern(2, "tools/call", { name: "deploy", arguments: { region: "x" } });
  expect(await client.ask(call)).toMatchObject({ id: 2, result: { ok: true } });
  expect(await client.ask(modern(3, "tools/call", { name: "other" }))).toMatchObject({
    id: 3,
    error: { code: -32020 },
  });
});

test("events become lines as they come, before the answer is there", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  using server = serve(({ message }) =>
    events([
      event({ method: "notifications/progress" }),
      () => promise,
      event({ id: message.id, result: { done: 1 } }),
    ]),
  );
  await using client = new Client(server.url);
  await client.send({ id: 5, method: "tools/call" });
  expect((await client.next()).method).toBe("notifications/progress");
  resolve();
  expect(await client.next()).toMatchObject({ id: 5, result: { done: 1 } });
});

test("a hundred requests are under way at once; a notification is acknowledged before what follows is sent", async () => {
  const all = Promise.withResolvers<void>();
  const order: string[] = [];
  let open = 0;
  using server = serve(async ({ message }) => {
    if (message.id === undefined) {
      await Bun.sleep(50);
      order.push("notification");
      return undefined;
    }
    if (message.id === "last") order.push("last");
    else if (++open === 100) all.resolve();
    if (message.id !== "last") await all.promise;
    return result(message.id);
  });
  await using client = new Client(server.url);
  for (let id = 0; id < 100; id++) await client.send({ id, method: "tools/call" });
  const ids = new Set<unknown>();
  for (let id = 0; id < 100; id++) ids.add((await client.next()).id);
  expect(ids.size).toBe(100);
  void client.send({ method: "notifications/roots/list_changed" });
  void client.send({ id: "last", method: "ping" });
  await client.next();
  expect(order).toEqual(["notification", "last"]);
});

test("a cancelled request of 2026-07-28 loses its connection, and nothing is posted or answered", async () => {
  const gone = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  using server = serve(({ message, signal }) => {
    if (message.id !== 1) return result(message.id);
    signal.addEventListener("abort", () => gone.resolve());
    begun.resolve();
    return events([": open\n\n", () => gone.promise]);
  });
  await using client = new Client(server.url);
  await client.send(modern(1, "tools/call", { name: "slow" }));
  await begun.promise;
  await client.send({ method: "notifications/cancelled", params: { requestId: 1 } });
  await gone.promise;
  expect((await client.ask(modern(2, "tools/list"))).id).toBe(2);
  expect(server.seen).toHaveLength(2);
});

test("before 2026-07-28 the cancellation is posted, and the answer that comes all the same is passed on", async () => {
  const told = Promise.withResolvers<void>();
  using server = serve(async ({ message, method }) => {
    if (method !== "POST") return undefined;
    if (message.method === "initialize") return agreed(message.id, "S");
    if (message.method === "notifications/cancelled") told.resolve();
    if (message.id === undefined) return undefined;
    await told.promise;
    return result(message.id, { late: true });
  });
  await using client = new Client(server.url);
  await client.initialize();
  await client.send({ id: 1, method: "tools/call" });
  await client.send({ method: "notifications/cancelled", params: { requestId: 1 } });
  expect(await client.next()).toMatchObject({ id: 1, result: { late: true } });
});

test("what the server asks comes on its own stream, the answer to that is posted, and the stream goes on where it was", async () => {
  const answered = Promise.withResolvers<string>();
  let streams = 0;
  using server = serve(({ message, method, headers, body }) => {
    if (method === "GET") {
      streams++;
      if (streams === 1) return events([`retry: 20\n${event({ id: "s1", method: "roots/list" }, "e1")}`]);
      if (streams === 2) return events([event({ method: "again", params: { after: headers.get("last-event-id") } })]);
      return new Response(null, { status: 405 });
    }
    if (message.method === "initialize") return agreed(message.id, "S");
    if (message.result !== undefined) answered.resolve(body);
    return undefined;
  });
  await using client = new Client(server.url);
  await client.initialize();
  expect(await client.next()).toMatchObject({ id: "s1", method: "roots/list" });
  await client.send('{"jsonrpc":"2.0","id":"s1","result":{"roots":[]}}');
  expect(await answered.promise).toBe('{"jsonrpc":"2.0","id":"s1","result":{"roots":[]}}');
  expect(await client.next()).toMatchObject({ method: "again", params: { after: "e1" } });
});

test("a stream that ends before its answer is taken up again behind its last event, not before retry", async () => {
  let closed = 0;
  let resumed = 0;
  using server = serve(({ message, method, headers }) => {
    if (method === "GET" && headers.get("last-event-id") === "e2") {
      resumed = performance.now();
      return events([event({ id: 7, result: { after: "e2" } }, "e3")]);
    }
    if (message.method === "initialize") return agreed(message.id, "S");
    if (message.method !== "tools/call") return undefined;
    return events([
      "id: e1\nretry: 200\ndata:\n\n",
      event({ method: "one" }, "e2"),
      () => (closed = performance.now()),
    ]);
  });
  await using client = new Client(server.url);
  await client.initialize();
  await client.send({ id: 7, method: "tools/call" });
  expect((await client.next()).method).toBe("one");
  expect(await client.next()).toMatchObject({ id: 7, result: { after: "e2" } });
  expect(resumed - closed).toBeGreaterThan(190);
});

test("a session that the server has forgotten is begun anew, once, and the client does not notice", async () => {
  let sessions = 0;
  using server = serve(({ message, method, headers }) => {
    if (message.method === "initialize") return agreed(message.id, `S${++sessions}`);
    if (method !== "POST") return undefined;
    if (headers.get("mcp-session-id") !== `S${sessions}` || message.method === "never")
      return new Response("gone", { status: 404 });
    return message.id === undefined ? undefined : result(message.id, { session: headers.get("mcp-session-id") });
  });
  await using client = new Client(server.url);
  await client.initialize();
  sessions = 7; // the server was started again
  const ids = ["a", "b", "c"];
  for (const id of ids) await client.send({ id, method: "ping" });
  for (const _ of ids) expect((await client.next()).result).toEqual({ session: "S8" });
  expect(await client.ask({ id: 2, method: "never" })).toMatchObject({ error: { data: { status: 404 } } });
  expect(client.said.join()).toContain("begun anew");
  expect(server.seen.filter(({ message }) => message.method === "initialize").map(({ body }) => body)).toEqual(
    Array(3).fill(JSON.stringify({ jsonrpc: "2.0", ...INITIALIZE })),
  );
});

test("a batch is one message, and each of its requests has an answer", async () => {
  using server = serve(() => Response.json([{ jsonrpc: "2.0", id: 1, result: {} }]));
  await using client = new Client(server.url);
  await client.send('[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]');
  expect(await client.line()).toBe('[{"jsonrpc":"2.0","id":1,"result":{}}]');
  expect(await client.next()).toMatchObject({ id: 2, error: { code: -32000 } });
});

test("all is settled as soon as everything is answered, though the server keeps its stream open", async () => {
  using server = serve(({ message }) => events([event({ id: message.id, result: {} }), () => new Promise(() => {})]));
  await using client = new Client(server.url);
  await client.ask({ id: 1, method: "tools/call" });
  await client.link.settled();
});

test("what is still open when the link is closed loses its connection, and the lines end", async () => {
  const gone = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  using server = serve(async ({ signal }) => {
    signal.addEventListener("abort", () => gone.resolve());
    begun.resolve();
    await gone.promise;
    return undefined;
  });
  const client = new Client(server.url);
  await client.send(modern(1, "subscriptions/listen"));
  await begun.promise;
  await client.link.settled(); // of a subscription there is no end to wait for
  await client.link.close();
  await gone.promise;
  expect(await client.line()).toBe("");
});

test("before 2026-07-28 a cancelled request that is never answered loses its connection after a while", async () => {
  const gone = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let isTold = false;
  using server = serve(({ message, method, signal }) => {
    if (message.method === "initialize") return agreed(message.id, "S");
    if (message.method === "notifications/cancelled") isTold = true;
    if (method !== "POST" || message.id !== 1) return undefined;
    signal.addEventListener("abort", () => gone.resolve());
    begun.resolve();
    return events([": open\n\n", () => gone.promise]);
  });
  await using client = new Client(server.url, { answerTimeoutMs: 600_000 });
  await client.initialize();
  await client.send({ id: 1, method: "tools/call" });
  await begun.promise;
  await client.send({ method: "notifications/cancelled", params: { requestId: 1 } });
  expect(isTold).toBe(true);
  await client.link.settled();
  await gone.promise;
});

test("a notification that the server does not acknowledge holds up what follows for a while only", async () => {
  using server = serve(({ message }) => {
    if (message.method === "initialize") return agreed(message.id, "S");
    if (message.method === "notifications/progress") return new Promise<Response>(() => {});
    return message.id === undefined ? undefined : result(message.id);
  });
  await using client = new Client(server.url, { answerTimeoutMs: 600_000 });
  await client.initialize();
  void client.send({ method: "notifications/progress" });
  expect(await client.ask({ id: 1, method: "ping" })).toMatchObject({ id: 1, result: {} });
});

test("what is still open when the link is closed is an error", async () => {
  using server = serve(({ message }) =>
    message.method === "initialize" ? agreed(message.id, "S") : new Promise<Response>(() => {}),
  );
  const client = new Client(server.url);
  await client.ask(INITIALIZE);
  await client.send({ id: "a", method: "tools/call" });
  await client.link.close();
  expect(await client.next()).toMatchObject({ id: "a", error: { message: expect.stringContaining("given up") } });
  expect(await client.line()).toBe("");
});

test("a session that the server forgets while the client says nothing is begun anew, once its stream was there", async () => {
  let session = 0;
  const cut = Promise.withResolvers<void>();
  using server = serve(({ message, method, headers }) => {
    if (message.method === "initialize") return agreed(message.id, `S${++session}`);
    if (method !== "GET") return undefined;
    if (headers.get("mcp-session-id") === "S1") {
      if (session > 1 || server.seen.filter((one) => one.method === "GET").length > 1)
        return new Response(null, { status: 404 });
      return events(["retry: 20\n\n", () => cut.promise]);
    }
    return events([event({ method: "notifications/tools/list_changed" }), () => new Promise(() => {})]);
  });
  await using client = new Client(server.url);
  await client.initialize();
  while (!server.seen.some(({ method }) => method === "GET")) await Bun.sleep(5);
  cut.resolve();
  expect(await client.next()).toMatchObject({ method: "notifications/tools/list_changed" });
  expect(session).toBe(2);
});

test("what a server says to a request that got an error of km's own is no second answer; asked anew, it is the first", async () => {
  const broken = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  using server = serve(({ message, method }) => {
    if (message.method === "initialize") return agreed(message.id, "S");
    if (method === "GET") {
      return events([
        ": open\n\n",
        () => broken.promise,
        event({ id: 1, result: { late: true } }),
        event({ method: "notifications/tools/list_changed" }),
        () => asked.promise,
        event({ id: 1, result: { late: false } }),
        () => new Promise(() => {}),
      ]);
    }
    if (message.id === undefined) return undefined;
    if (message.method === "tools/call") return new Response("no", { status: 500 });
    return events([() => asked.resolve(), ": open\n\n", () => new Promise(() => {})]);
  });
  await using client = new Client(server.url);
  await client.initialize();
  expect((await client.ask({ id: 1, method: "tools/call" })).error?.data?.["status"]).toBe(500);
  broken.resolve();
  expect(await client.next()).toMatchObject({ method: "notifications/tools/list_changed" });
  await client.send({ id: 1, method: "ping" });
  expect(await client.next()).toMatchObject({ id: 1, result: { late: false } });
});
