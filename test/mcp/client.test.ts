/** `McpClient`: both eras, rounds, tasks, cancellation; with scripted servers, message by message. */
import { expect, test } from "bun:test";
import { type ClientOptions, McpClient } from "../../src/mcp/client.ts";
import type { Answer } from "../../src/mcp/answer.ts";
import type { Reply } from "../../src/mcp/conversation.ts";

type Message = { id?: number; method?: string; params?: Record<string, unknown>; result?: unknown; error?: unknown };

const MODERN = { supportedVersions: ["2026-07-28"], capabilities: { tools: {}, completions: {} } };
const LEGACY = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: {} },
  serverInfo: { name: "old", version: "1" },
};

/** A link whose server answers by this function: objects are results, texts lines, and nothing is no answer. */
class Scripted {
  readonly received: Message[] = [];
  readonly lines: ReadableStream<string>;
  readonly #writer: WritableStreamDefaultWriter<string>;
  readonly #answer: (message: Message, say: (text: string) => void) => object | undefined;

  constructor(answer: (message: Message, say: (text: string) => void) => object | undefined) {
    const { readable, writable } = new TransformStream<string, string>(undefined, { highWaterMark: 1000 });
    this.lines = readable;
    this.#writer = writable.getWriter();
    this.#answer = answer;
  }

  send(line: string): void {
    const message = JSON.parse(line) as Message;
    this.received.push(message);
    const result = this.#answer(message, (text) => this.say(text));
    if (result !== undefined) this.say(`{"jsonrpc":"2.0","id":${message.id},"result":${JSON.stringify(result)}}`);
  }

  say(text: string): void {
    void this.#writer.write(text);
  }

  end(): void {
    void this.#writer.close();
  }

  get methods(): (string | undefined)[] {
    return this.received.map(({ method }) => method);
  }
}

async function connected(link: Scripted, options: Partial<ClientOptions> = {}): Promise<McpClient> {
  const client = await McpClient.connect(link, { signal: new AbortController().signal, ...options });
  if (!(client instanceof McpClient)) throw new Error(JSON.stringify(client));
  return client;
}

function refuse({ id }: Message, code = -32601, data?: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message: "no", data } });
}

function resultOf(answer: Answer): unknown {
  return answer.kind === "result" ? answer.value : answer;
}

test("a modern server is spoken to without a handshake, each request with who asks", async () => {
  const link = new Scripted(({ method }) => (method === "server/discover" ? MODERN : { ok: true }));
  const client = await connected(link);
  expect(client.greeting).toMatchObject({ era: "modern", protocolVersion: "2026-07-28" });
  expect(resultOf(await client.call("t", '{"n":1}'))).toEqual({ ok: true });
  expect(link.methods).toEqual(["server/discover", "tools/call"]);
  for (const { params } of link.received) {
    expect(params?.["_meta"]).toMatchObject({
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "km" },
      "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
    });
  }
});

test.each([-32601, -32602, -32000, 0])("error %d to server/discover leads to the handshake", async (code) => {
  const link = new Scripted((message, say) => {
    if (message.method === "server/discover") say(refuse(message, code));
    return message.method === "initialize" ? LEGACY : undefined;
  });
  const client = await connected(link);
  expect(client.greeting).toMatchObject({ era: "legacy", protocolVersion: "2025-11-25", name: "old" });
  expect(link.methods).toEqual(["server/discover", "initialize", "notifications/initialized"]);
  expect(link.received[1]?.params).not.toHaveProperty("_meta");
});

test("a modern server with other versions is not asked for the older handshake, unless it names one", async () => {
  const strange = new Scripted((message, say) => {
    say(refuse(message, -32022, { supported: ["2027-01-01"] }));
    return undefined;
  });
  expect(await McpClient.connect(strange, { signal: new AbortController().signal })).toMatchObject({ code: -32022 });
  expect(strange.methods).toEqual(["server/discover"]);
  const both = new Scripted((message, say) => {
    if (message.method === "server/discover") say(refuse(message, -32022, { supported: ["2025-06-18"] }));
    return message.method === "initialize" ? { ...LEGACY, protocolVersion: "2025-06-18" } : undefined;
  });
  expect((await connected(both)).greeting.protocolVersion).toBe("2025-06-18");
  expect(both.received[1]?.params).toMatchObject({ protocolVersion: "2025-06-18" });
});

test("a server that leaves server/discover unanswered is asked for the handshake too, and may still answer the first", async () => {
  const silent = new Scripted(({ method }) => (method === "initialize" ? LEGACY : undefined));
  expect((await connected(silent, { probeMs: 1 })).greeting.era).toBe("legacy");
  const late = new Scripted((message, say) => {
    if (message.method === "initialize") {
      say(`{"id":1,"result":${JSON.stringify(MODERN)}}`);
      say(refuse(message));
    }
    return message.method === "tools/call" ? {} : undefined;
  });
  const client = await connected(late, { probeMs: 1 });
  expect(client.greeting.era).toBe("modern");
  await client.call("t", "{}");
  expect(late.received.at(-1)?.params).toHaveProperty("_meta");
});

test("a server that speaks what km does not know is refused", async () => {
  const link = new Scripted(({ method }) => (method === "initialize" ? { protocolVersion: "1999-01-01" } : undefined));
  const refusal = await McpClient.connect(link, { signal: new AbortController().signal, protocol: "2025-11-25" });
  expect(refusal).toMatchObject({ message: 'it speaks MCP "1999-01-01", which km does not know' });
});

test("numbers keep their digits in both directions", async () => {
  const link = new Scripted(({ method, id }, say) => {
    if (method === "server/discover") return MODERN;
    say(`{"id":${id},"result":{"structuredContent":{"id":9007199254740993,"x":1.10}}}`);
    return undefined;
  });
  const sent: string[] = [];
  const client = await connected(
    Object.assign(link, {
      send: (line: string): void => {
        sent.push(line);
        Scripted.prototype.send.call(link, line);
      },
    }),
  );
  const answer = await client.call("t", '{"n":9007199254740993,"f":1.10}');
  expect(sent[1]).toContain('"arguments":{"n":9007199254740993,"f":1.10}');
  expect(answer).toMatchObject({ text: '{"structuredContent":{"id":9007199254740993,"x":1.10}}' });
});

const elicit = (): Promise<Reply> => Promise.resolve({ result: '{"action":"accept","content":{"n":1}}' });

test("a call that asks for input is sent again with the answers and the state, under a new id", async () => {
  const link = new Scripted(({ method, params }) => {
    if (method === "server/discover") return MODERN;
    if (params?.["inputResponses"] !== undefined) return { content: [] };
    return {
      resultType: "input_required",
      inputRequests: { a: { method: "elicitation/create", params: { message: "?" } } },
      requestState: "s\u0000",
    };
  });
  const client = await connected(link, { features: { elicit } });
  expect(resultOf(await client.call("t", '{"n":1}'))).toEqual({ content: [] });
  const [, first, second] = link.received;
  expect(second?.id).not.toBe(first?.id);
  expect(second?.params).toMatchObject({
    name: "t",
    arguments: { n: 1 },
    requestState: "s\u0000",
    inputResponses: { a: { action: "accept", content: { n: 1 } } },
  });
});

test("what km cannot give, a model or folders, ends the call with a clear word", async () => {
  for (const [method, reason] of [
    ["sampling/createMessage", "km has no model"],
    ["roots/list", "km was given no folders for it"],
    ["elicitation/create", "nobody is there who could answer"],
  ]) {
    const link = new Scripted((message) => {
      if (message.method === "server/discover") return MODERN;
      return { resultType: "input_required", inputRequests: { a: { method, params: {} } } };
    });
    const answer = await (await connected(link)).call("t", "{}");
    expect(answer).toEqual({ kind: "none", reason: `it asks for ${method}: ${reason}` });
  }
});

test("a task is polled to its end, and what it asks for is answered once", async () => {
  let polls = 0;
  const link = new Scripted(({ method }) => {
    const task = { taskId: "t1", pollIntervalMs: 50 };
    switch (method) {
      case "server/discover":
        return MODERN;
      case "tools/call":
        return { resultType: "task", status: "working", ...task };
      case "tasks/get":
        polls++;
        if (polls > 3) return { ...task, status: "completed", result: { content: ["done"] } };
        return {
          ...task,
          status: "input_required",
          inputRequests: { k: { method: "elicitation/create", params: {} } },
        };
      default:
        return {};
    }
  });
  const states: string[] = [];
  const client = await connected(link, { features: { elicit } });
  const answer = await client.call("t", "{}", { onTask: ({ status }) => states.push(status) });
  expect(resultOf(answer)).toEqual({ content: ["done"] });
  expect(link.methods.filter((method) => method === "tasks/update")).toEqual(["tasks/update"]);
  expect(states).toEqual(["working", "input_required", "input_required", "input_required", "completed"]);
});

test("a failed task is an error, and an interrupted one is cancelled", async () => {
  const failing = new Scripted(({ method }) => {
    if (method === "server/discover") return MODERN;
    if (method === "tools/call") return { resultType: "task", taskId: "t", status: "working", pollIntervalMs: 50 };
    return { status: "failed", error: { code: -32603, message: "broken" } };
  });
  expect(await (await connected(failing)).call("t", "{}")).toMatchObject({
    kind: "error",
    code: -32603,
    message: "broken",
  });
  const interrupted = new AbortController();
  const working = new Scripted(({ method }) => {
    if (method === "server/discover") return MODERN;
    if (method === "tasks/get") interrupted.abort("interrupted");
    return method === "tools/call" || method === "tasks/get"
      ? {
          resultType: method === "tools/call" ? "task" : "complete",
          taskId: "t",
          status: "working",
          pollIntervalMs: 50,
        }
      : {};
  });
  const answer = await (await connected(working)).call("t", "{}", { signal: interrupted.signal });
  expect(answer).toEqual({ kind: "none", reason: "interrupted" });
  expect(working.methods.at(-1)).toBe("tasks/cancel");
});

test("a request that is given up is taken back at the server, and its late answer is no other's", async () => {
  const link = new Scripted(({ method }) => (method === "server/discover" ? MODERN : undefined));
  const client = await connected(link);
  expect(await client.call("slow", "{}", { timeoutMs: 5 })).toEqual({
    kind: "none",
    reason: "no answer within 0.005 s",
  });
  expect(link.received.at(-1)).toMatchObject({ method: "notifications/cancelled", params: { requestId: 2 } });
  const interruption = new AbortController();
  const second = client.call("slow", "{}", { signal: interruption.signal });
  link.say('{"id":2,"result":{"late":true}}');
  interruption.abort("interrupted");
  expect(await second).toEqual({ kind: "none", reason: "interrupted" });
  expect(link.received.at(-1)).toMatchObject({ method: "notifications/cancelled", params: { requestId: 3 } });
});

test("progress is told, and lets a request live on; so does a question to a person", async () => {
  const link = new Scripted(({ method, id, result }, say) => {
    if (method === "initialize") return LEGACY;
    if (method === "tools/call") {
      say(
        `{"method":"notifications/progress","params":{"progressToken":${id},"progress":1,"total":2,"message":"half"}}`,
      );
      say('{"id":"q","method":"elicitation/create","params":{"message":"?"}}');
    }
    if (result !== undefined) say('{"id":2,"result":{"content":[]}}');
    return undefined;
  });
  const answered = Promise.withResolvers<Reply>();
  const client = await connected(link, { protocol: "2025-11-25", features: { elicit: () => answered.promise } });
  const seen: unknown[] = [];
  const call = client.call("t", "{}", { timeoutMs: 100, onProgress: (progress) => seen.push(progress) });
  await Bun.sleep(300); // longer than the server may be silent
  answered.resolve({ result: '{"action":"cancel"}' });
  expect(resultOf(await call)).toEqual({ content: [] });
  expect(seen).toEqual([{ progress: 1, total: 2, message: "half" }]);
  expect(link.received.at(-1)).toMatchObject({ id: "q", result: { action: "cancel" } });
});

test("what the server takes back of its questions is not answered", async () => {
  const link = new Scripted(({ method }, say) => {
    if (method === "initialize") return LEGACY;
    if (method === "tools/call") {
      say('{"id":7,"method":"elicitation/create","params":{}}');
      say('{"method":"notifications/cancelled","params":{"requestId":7}}');
      say('{"id":2,"result":{}}');
    }
    return undefined;
  });
  const features = {
    elicit: async (_: unknown, signal: AbortSignal | undefined): Promise<Reply> => {
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      return { result: "{}" };
    },
  };
  const client = await connected(link, { protocol: "2025-11-25", features });
  await client.call("t", "{}");
  expect(link.received.filter(({ result, error }) => result !== undefined || error !== undefined)).toEqual([]);
});

test("completions, levels and pings are those of the era", async () => {
  const modern = new Scripted(({ method }) => {
    if (method === "completion/complete") return { completion: { values: ["a", 1, "b"] } };
    return MODERN;
  });
  const client = await connected(modern);
  expect(await client.complete({ type: "ref/prompt", name: "p" }, { name: "x", value: "" }, {})).toEqual(["a", "b"]);
  await client.setLogLevel("debug");
  await client.setLogLevel("info");
  await client.ping();
  expect(modern.received.at(-1)).toMatchObject({
    method: "server/discover",
    params: { _meta: { "io.modelcontextprotocol/logLevel": "info" } },
  });
  const legacy = new Scripted(({ method }) => (method === "initialize" ? LEGACY : {}));
  const old = await connected(legacy, { protocol: "2025-11-25" });
  await old.setLogLevel("debug");
  await old.ping();
  expect(legacy.methods.slice(-2)).toEqual(["logging/setLevel", "ping"]);
  expect(await old.complete({ type: "ref/prompt", name: "p" }, { name: "x", value: "" }, {})).toEqual([]);
});

test("lines that are no messages are told of and do no harm, and the end of the link is the end of every request", async () => {
  const stray: string[] = [];
  const link = new Scripted(({ method }, say) => {
    say("Listening on port 3000");
    return method === "server/discover" ? MODERN : undefined;
  });
  const client = await connected(link, { onStray: (line) => stray.push(line) });
  const call = client.call("t", "{}");
  link.end();
  expect(await call).toEqual({ kind: "none", reason: "it ended its output" });
  expect(await client.over).toEqual({ kind: "none", reason: "it ended its output" });
  expect(stray).toEqual(["Listening on port 3000", "Listening on port 3000"]);
});

test("a page that has to be looked at first is shown, and the call fails with that word", async () => {
  const link = new Scripted((message, say) => {
    if (message.method === "initialize") return LEGACY;
    const elicitations = [{ elicitationId: "e", url: "https://example.com/x", message: "Log in" }];
    if (message.method === "tools/call") say(refuse(message, -32042, { elicitations }));
    return undefined;
  });
  const asked: unknown[] = [];
  const client = await connected(link, {
    protocol: "2025-11-25",
    features: {
      elicit: (request) => {
        asked.push(request.params);
        return Promise.resolve({ result: '{"action":"accept"}' });
      },
    },
  });
  const answer = await client.call("t", "{}");
  expect(answer).toEqual({ kind: "none", reason: "it goes on when the page is done: ask again then" });
  expect(asked).toEqual([{ elicitationId: "e", url: "https://example.com/x", message: "Log in", mode: "url" }]);
});
