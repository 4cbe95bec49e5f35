/** `km proxy` with the official clients of both eras and real servers behind it. */
import { describe, expect, test } from "bun:test";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { join } from "node:path";
import { kmSessions } from "./journal.ts";
import { makeHome } from "./km.ts";
import { startProxy } from "./run-proxy.ts";

const EVERYTHING = [
  process.execPath,
  join(import.meta.dir, "../../node_modules/@modelcontextprotocol/server-everything/dist/index.js"),
  "stdio",
];
const MODERN = [process.execPath, join(import.meta.dir, "../fixtures/peer-modern.ts")];

async function useEverything(transport: StreamableHTTPClientTransport | SSEClientTransport, name: string) {
  const client = new Client({ name, version: "1.2.3" }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: "none",
    role: "assistant" as const,
    content: { type: "text" as const, text: `sampled for ${name}` },
  }));
  const progress: number[] = [];
  await client.connect(transport);
  const { tools } = await client.listTools();
  const echo = await client.callTool({ name: "echo", arguments: { message: `語 ${name}` } });
  const sampled = await client.callTool({ name: "trigger-sampling-request", arguments: { prompt: "p", maxTokens: 5 } });
  await client.callTool({ name: "trigger-long-running-operation", arguments: { duration: 0.2, steps: 2 } }, undefined, {
    onprogress: (one) => progress.push(one.progress),
  });
  const { resources } = await client.listResources();
  await client.close();
  return {
    tools: tools.length,
    echo: JSON.stringify(echo),
    sampled: JSON.stringify(sampled),
    progress,
    resources: resources.length,
  };
}

describe("the official client", () => {
  test("of the older era does all it can do, twenty at once", async () => {
    using home = makeHome();
    await using proxy = await startProxy(home, ["--name", "everything"], EVERYTHING);
    const names = Array.from({ length: 20 }, (_, index) => `client-${index}`);
    const outcomes = await Promise.all(
      names.map(async (name) => await useEverything(new StreamableHTTPClientTransport(new URL(proxy.url)), name)),
    );
    for (const [index, outcome] of outcomes.entries()) {
      expect(outcome.tools).toBeGreaterThan(5);
      expect(outcome.resources).toBeGreaterThan(0);
      expect(outcome.echo).toContain(`語 client-${index}"`);
      expect(outcome.sampled).toContain(`sampled for client-${index}`);
      expect(outcome.progress).toContain(1); // the last comes with the answer, and the client may drop it
    }
    expect(await proxy.end("SIGTERM")).toBe(0);
    const sessions = await kmSessions(home);
    expect(sessions.map(({ name, client }) => [name, client?.name])).toHaveLength(20);
  }, 120_000);

  test("of HTTP with SSE does so too, where that is spoken", async () => {
    using home = makeHome();
    await using proxy = await startProxy(home, ["--sse"], EVERYTHING);
    const url = new URL(proxy.url.replace("/mcp", "/sse"));
    const outcome = await useEverything(new SSEClientTransport(url), "old");
    expect(outcome.progress).toContain(1);
    expect(outcome.sampled).toContain("sampled for old");
  }, 60_000);

  test.each([{ pin: "2026-07-28" }, "auto" as const])(
    "of 2026-07-28 is served: %p",
    async (mode) => {
      using home = makeHome();
      await using proxy = await startProxy(home, [], MODERN);
      const client = new ModernClient(
        { name: "new", version: "3.0.0" },
        { capabilities: { elicitation: {} }, versionNegotiation: { mode } },
      );
      client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { city: "Ulm" } }));
      await client.connect(new ModernTransport(new URL(proxy.url)));
      const texts = ["a", "b", "c"].map(async (text) => await client.callTool({ name: "echo", arguments: { text } }));
      expect(JSON.stringify(await Promise.all(texts))).toContain('"c"');
      expect(JSON.stringify(await client.callTool({ name: "ask", arguments: {} }))).toContain("It is Ulm.");
      expect(client.getServerVersion()?.name).toBe("modern");
      await client.close();
    },
    60_000,
  );

  test("of 2026-07-28 falls back to the older era where the server knows no other", async () => {
    using home = makeHome();
    await using proxy = await startProxy(home, [], EVERYTHING);
    const client = new ModernClient({ name: "new", version: "3.0.0" }, { versionNegotiation: { mode: "auto" } });
    await client.connect(new ModernTransport(new URL(proxy.url)));
    const answer = await client.callTool({ name: "echo", arguments: { message: "fallen back" } });
    expect(JSON.stringify(answer)).toContain("fallen back");
    await client.close();
  }, 60_000);
});
