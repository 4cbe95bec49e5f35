/** The official clients on stdio, the official servers on HTTP, and `km monitor --url` between them, in both eras. */
import { expect, test } from "bun:test";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernTransport } from "@modelcontextprotocol/client/stdio";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { InMemoryEventStore } from "@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js";
import { McpServer as LegacyServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import {
  CreateMessageRequestSchema,
  EmptyResultSchema,
  isInitializeRequest,
  LoggingMessageNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import {
  acceptedContent,
  createMcpHandler,
  fromJsonSchema,
  inputRequired,
  McpServer,
} from "@modelcontextprotocol/server";
import { kmLogs, kmSessions, kmStats } from "./journal.ts";
import { KM, makeHome } from "./km.ts";

function legacyServer(): LegacyServer {
  const server = new LegacyServer({ name: "legacy-http", version: "1.2.3" }, { capabilities: { logging: {} } });
  server.registerTool("slow", { description: "Reports progress" }, async (extra) => {
    for (let progress = 1; progress <= 3; progress++) {
      const progressToken = extra._meta?.progressToken ?? "";
      await extra.sendNotification({ method: "notifications/progress", params: { progressToken, progress, total: 3 } });
    }
    // The client forgets who wants to know of progress as soon as it has the answer.
    await extra.sendRequest({ method: "ping" }, EmptyResultSchema);
    return { content: [{ type: "text", text: "done 語 \u2028 😀" }] };
  });
  server.registerTool("think", { description: "Asks the client's model" }, async () => {
    const { content } = await server.server.createMessage({
      messages: [{ role: "user", content: { type: "text", text: "?" } }],
      maxTokens: 1,
    });
    return { content: [{ type: "text", text: JSON.stringify(content) }] };
  });
  server.registerTool("cut", { description: "Loses its connection, and answers after that" }, async (extra) => {
    extra.closeSSEStream?.();
    await Bun.sleep(50);
    return { content: [{ type: "text", text: "after all" }] };
  });
  return server;
}

/** Sessions as the transport's documentation has them. */
function serveLegacy() {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const servers: LegacyServer[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const known = sessions.get(request.headers.get("mcp-session-id") ?? "");
      if (known !== undefined) return await known.handleRequest(request);
      if (request.method !== "POST") return new Response(null, { status: 400 });
      const body: unknown = await request.clone().json();
      if (!isInitializeRequest(body)) return Response.json({ error: "No session" }, { status: 400 });
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        eventStore: new InMemoryEventStore(),
        retryInterval: 50,
        onsessioninitialized: (id) => void sessions.set(id, transport),
        onsessionclosed: (id) => void sessions.delete(id),
      });
      const one = legacyServer();
      servers.push(one);
      await one.connect(transport);
      return await transport.handleRequest(request);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/mcp`,
    sessions,
    servers,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

test("a session of 2025-11-25: progress, sampling, log messages on the server's own stream, a stream that is taken up again", async () => {
  using home = makeHome();
  using server = serveLegacy();
  const client = new Client({ name: "sdk-test", version: "1.0.0" }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: "m",
    role: "assistant" as const,
    content: { type: "text" as const, text: "thought" },
  }));
  const logged = Promise.withResolvers<unknown>();
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => logged.resolve(params.data));
  await client.connect(
    new StdioClientTransport({ command: KM, args: ["monitor", "--url", server.url], env: home.env }),
  );
  expect(client.getServerVersion()).toMatchObject({ name: "legacy-http", version: "1.2.3" });
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["slow", "think", "cut"]);
  const seen: number[] = [];
  const slow = await client.callTool({ name: "slow" }, undefined, {
    onprogress: ({ progress }) => seen.push(progress),
  });
  expect(slow).toEqual({ content: [{ type: "text", text: "done 語 \u2028 😀" }] });
  expect(seen).toEqual([1, 2, 3]);
  expect(JSON.stringify(await client.callTool({ name: "think" }))).toContain("thought");
  expect(JSON.stringify(await client.callTool({ name: "cut" }))).toContain("after all");
  await server.servers[0]?.sendLoggingMessage({ level: "info", data: "unasked" });
  expect(await logged.promise).toBe("unasked");
  expect(server.sessions.size).toBe(1);
  await client.close();
  expect(server.sessions.size).toBe(0);
  const [session] = await kmSessions(home);
  expect(session).toMatchObject({ name: new URL(server.url).host, state: "ended", exit_code: 0, errors: 0 });
  expect(session?.server).toMatchObject({ name: "legacy-http" });
}, 60_000);

function serveModern() {
  const requestedSchema = fromJsonSchema({
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  });
  const text = { type: "string" as const, "x-mcp-header": "Text" };
  const inputSchema = fromJsonSchema<{ text: string }>({ type: "object", properties: { text }, required: ["text"] });
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "modern-http", version: "2.1.0" }, { capabilities: { tools: {} } });
    server.registerTool("echo", { inputSchema }, ({ text }) => ({ content: [{ type: "text", text }] }));
    server.registerTool("ask", {}, (context) => {
      const answer = acceptedContent<{ city: string }>(context.mcpReq.inputResponses, "where");
      if (answer !== undefined) return { content: [{ type: "text", text: `It is ${answer.city}.` }] };
      return inputRequired({ inputRequests: { where: inputRequired.elicit({ message: "Where?", requestedSchema }) } });
    });
    return server;
  });
  const headers: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch(request) {
      const of = (name: string): string => request.headers.get(name) ?? "-";
      headers.push(`${request.method} ${of("mcp-method")} ${of("mcp-name")} ${of("mcp-param-text")}`);
      return handler.fetch(request);
    },
  });
  const stop = async (): Promise<void> => {
    await handler.close();
    await server.stop(true);
  };
  return { url: `http://127.0.0.1:${server.port}/mcp`, headers, [Symbol.asyncDispose]: stop };
}

test.each([
  ["2026-07-28", { pin: "2026-07-28" }, "2026-07-28"],
  ["either", "auto", "2026-07-28"],
  ["before 2026-07-28", "legacy", "2025-11-25"],
] as const)(
  "a client of %s",
  async (_, mode, version) => {
    using home = makeHome();
    await using server = serveModern();
    const client = new ModernClient(
      { name: "sdk2-test", version: "2.0.0" },
      { capabilities: { elicitation: {} }, versionNegotiation: { mode } },
    );
    client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { city: "Ulm" } }));
    await client.connect(new ModernTransport({ command: KM, args: ["monitor", "--url", server.url], env: home.env }));
    expect(client.getServerVersion()).toMatchObject({ name: "modern-http" });
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    const echoed = await client.callTool({ name: "echo", arguments: { text: "語 x" } });
    expect(echoed.content).toEqual([{ type: "text", text: "語 x" }]);
    const isModern = version === "2026-07-28";
    if (isModern) expect(JSON.stringify(await client.callTool({ name: "ask", arguments: {} }))).toContain("It is Ulm.");
    await client.close();
    const call = isModern ? `POST tools/call echo =?base64?${Buffer.from("語 x").toString("base64")}?=` : "POST - - -";
    expect(server.headers).toContain(call);
    const stats = await kmStats(home);
    expect(stats.targets.find(({ target }) => target === "echo")).toMatchObject({ calls: 1, errors: 0 });
    expect((await kmLogs(home)).some(({ tool }) => tool === "echo")).toBe(true);
  },
  60_000,
);

test("a client of either era with a server of before 2026-07-28", async () => {
  using home = makeHome();
  using server = serveLegacy();
  const client = new ModernClient({ name: "sdk2-test", version: "2.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new ModernTransport({ command: KM, args: ["monitor", "--url", server.url], env: home.env }));
  expect(client.getNegotiatedProtocolVersion()).toBe("2025-11-25");
  expect((await client.listTools()).tools).toHaveLength(3);
  await client.close();
}, 60_000);
