/** `km serve` over HTTP: its endpoints, who may do what there, what is written down, and what happens when its file changes. */
import type { Client } from "@modelcontextprotocol/client";
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../src/errors.ts";
import { hashOfKey, newApiKey } from "../../../src/gateway/access/api-keys.ts";
import { startServe } from "./run-serve.ts";

const TIMEOUT = 60_000;
const TIME = { name: "utilities_time", arguments: { time: "2026-11-30T12:00:00Z" } };

async function namesOf(client: Client): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name);
}

function accessFile(limits = "{}") {
  const [reader, auditor, nobody] = [newApiKey(), newApiKey(), newApiKey()];
  const key = (name: string, of: string, role: string): string =>
    `    - { name: ${name}, sha256: "${hashOfKey(of)}", roles: [${role}] }`;
  const text = `version: 1
auth:
  keys:
${[key("reader", reader, "clock"), key("auditor", auditor, "audit"), key("nobody", nobody, "prompts")].join("\n")}
roles:
  clock: { tools: "utilities_t*" }
  audit: { tools: "*", methods: audit/read }
  prompts: { prompts: "*" }
limits: ${limits}
`;
  return { text, reader, auditor, nobody };
}

describe("endpoints", () => {
  test.each([
    ["/mcp", "modern", false],
    ["/mcp", "legacy", false],
    ["/api/aggregate/streamable-http", "modern", false],
    ["/api/aggregate/streamable-http", "legacy", false],
    ["/api/utilities/streamable-http", "modern", false],
    ["/api/utilities/streamable-http", "legacy", false],
    ["/sse", "legacy", true],
    ["/api/aggregate/sse", "legacy", true],
    ["/api/utilities/sse", "legacy", true],
  ] as const)(
    "%s (%s)",
    async (path, era, isSse) => {
      await using served = await startServe(["utilities", "prometheus"]);
      const client = await served.client(path, { era, isSse });
      const names = await namesOf(client);
      const isWhole = !path.includes("utilities");
      expect(names.some((name) => name.startsWith("prometheus_"))).toBe(isWhole);
      expect(names).toContain("utilities_time");
      expect((await client.callTool(TIME)).structuredContent).toMatchObject({ unix: 1_796_040_000, week: "2026-W49" });
      if (!isWhole)
        expect(client.callTool({ name: "prometheus_query", arguments: {} })).rejects.toThrow("Unknown tool");
    },
    TIMEOUT,
  );

  test(
    "a session is of one endpoint, and of who began it",
    async () => {
      const { text, reader, auditor } = accessFile();
      await using served = await startServe(["utilities"], { access: text });
      const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
      const post = async (path: string, key: string, message: object, session?: string): Promise<Response> =>
        await fetch(new URL(path, served.origin), {
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            authorization: `Bearer ${key}`,
            ...(session !== undefined && { "mcp-session-id": session }),
          },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
        });
      const begun = await post("/mcp", reader, { method: "initialize", params });
      const session = begun.headers.get("mcp-session-id") ?? "";
      const ping = { method: "ping" };
      expect((await post("/mcp", reader, ping, session)).status).toBe(200);
      expect((await post("/api/utilities/streamable-http", reader, ping, session)).status).toBe(404);
      expect((await post("/mcp", auditor, ping, session)).status).toBe(404);
    },
    TIMEOUT,
  );

  test(
    "hosts and origins of others are refused on every route; how it is may be asked by all",
    async () => {
      const { text } = accessFile();
      await using served = await startServe(["utilities"], { access: text });
      for (const path of ["/mcp", "/health", "/ready", "/metrics", "/api/audit/logs", "/api/utilities/sse"]) {
        expect((await served.get(path, { host: "evil.example.com" })).status).toBe(403);
        expect((await served.get(path, { origin: "https://evil.example.com" })).status).toBe(403);
      }
      expect(await (await served.get("/health")).json()).toEqual({ status: "ok" });
      expect(await (await served.get("/ready")).json()).toMatchObject({ status: "ready" });
      expect((await served.get("/ready?service=none")).status).toBe(503);
      for (const path of ["/metrics", "/api/audit/logs", "/api/audit/stats", "/mcp", "/nothing"]) {
        expect((await served.get(path)).status).toBe(401);
      }
    },
    TIMEOUT,
  );
});

describe("who may do what", () => {
  test(
    "a role has its tools, in the list and when they are called",
    async () => {
      const { text, reader, nobody } = accessFile();
      await using served = await startServe(["utilities"], { access: text });
      for (const era of ["modern", "legacy"] as const) {
        const clock = await served.client("/mcp", { era, key: reader });
        expect(await namesOf(clock)).toEqual(["utilities_time"]);
        expect((await clock.callTool(TIME)).isError).toBeUndefined();
        expect(clock.callTool({ name: "utilities_wait", arguments: { seconds: 0 } })).rejects.toThrow("Unknown tool");
        expect(await namesOf(await served.client("/mcp", { era, key: nobody }))).toEqual([]);
      }
      expect(served.client("/mcp", { key: newApiKey() })).rejects.toThrow();
    },
    TIMEOUT,
  );

  test(
    "calls are written down without secrets, and read by who may",
    async () => {
      const { text, reader, auditor } = accessFile();
      await using served = await startServe(["utilities"], {
        access: text,
        settings: "audit: { file: calls.ndjson }\n",
      });
      const clock = await served.client("/mcp", { key: reader });
      await clock.callTool(TIME);
      await clock.callTool({ name: "utilities_time", arguments: { zone: "password=hunter2hunter2" } });
      await clock.callTool({ name: "utilities_none" }).catch(() => undefined);
      const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
      expect((await served.get("/api/audit/logs", bearer(reader))).status).toBe(403);
      const { calls } = (await (await served.get("/api/audit/logs", bearer(auditor))).json()) as { calls: object[] };
      expect(calls).toMatchObject([
        { principal: "key:reader", tool: "utilities_none", outcome: "refused", code: "SVC_002" },
        { principal: "key:reader", tool: "utilities_time", outcome: "failed", code: "SVC_001" },
        {
          principal: "key:reader",
          tool: "utilities_time",
          service: "utilities",
          outcome: "ok",
          arguments: TIME.arguments,
        },
      ]);
      const filtered = await served.get("/api/audit/logs?outcome=ok&limit=1", bearer(auditor));
      expect(((await filtered.json()) as { calls: object[] }).calls.length).toBe(1);
      expect((await served.get("/api/audit/logs?limit=0", bearer(auditor))).status).toBe(400);
      const stats = await (await served.get("/api/audit/stats", bearer(auditor))).json();
      expect(stats).toMatchObject({
        calls: 3,
        outcomes: { ok: 1, failed: 1, refused: 1 },
        principals: { "key:reader": 3 },
      });
      const written = readFileSync(join(served.folder, "config", "calls.ndjson"), "utf8");
      expect([written.split("\n").length, written.includes("hunter2")]).toEqual([4, false]);
      const metrics = await (await served.get("/metrics", bearer(reader))).text();
      const sample = 'km_service_tool_duration_seconds_count{service="utilities",tool="utilities_time",outcome="ok"} 1';
      expect(metrics).toContain(sample);
      expect(metrics).toContain("km_proxy_http_requests_total");
    },
    TIMEOUT,
  );

  test(
    "without a login nobody reads the audit log over HTTP",
    async () => {
      await using served = await startServe(["utilities"], { settings: "audit: { file: calls.ndjson }\n" });
      expect((await served.get("/api/audit/logs")).status).toBe(403);
      expect((await served.get("/metrics")).status).toBe(200);
    },
    TIMEOUT,
  );

  test(
    "more requests than allowed are refused, with when to come again",
    async () => {
      const { text, reader } = accessFile("{ requests: 5/1m }");
      await using served = await startServe(["utilities"], { access: text });
      const answers: Response[] = [];
      for (let count = 0; count < 8; count++) {
        answers.push(await served.get("/metrics", { authorization: `Bearer ${reader}` }));
      }
      expect(answers.filter(({ status }) => status === 429).length).toBe(3);
      expect(answers.at(-1)?.headers.get("retry-after")).toMatch(/^\d+$/);
    },
    TIMEOUT,
  );
});

describe("while it runs", () => {
  test(
    "a change of services.yaml counts at once; a wrong one changes nothing",
    async () => {
      await using served = await startServe(["utilities"]);
      const client = await served.client("/mcp", { era: "legacy" });
      const changed = Promise.withResolvers<void>();
      client.setNotificationHandler("notifications/tools/list_changed", () => changed.resolve());
      expect(await namesOf(client)).toContain("utilities_wait");
      writeFileSync(served.file, "tool: ['!*_wait']\n");
      await served.said("What held before still holds.");
      expect(served.stderr()).toContain("Did you mean tools?");
      expect(await namesOf(client)).toContain("utilities_wait");
      writeFileSync(served.file, "tools: ['*', '!*_wait']\n");
      await served.said("Read anew:");
      await changed.promise;
      expect(await namesOf(client)).not.toContain("utilities_wait");
      writeFileSync(served.file, "");
      process.kill(served.pid, "SIGHUP");
      while (!(await namesOf(client)).includes("utilities_wait")) await Bun.sleep(20);
    },
    TIMEOUT,
  );

  test(
    "asked to end, it lets calls end that have begun, takes no others, and ends",
    async () => {
      await using served = await startServe(["utilities"]);
      const client = await served.client("/mcp");
      const begun = Promise.withResolvers<void>();
      const open = client.callTool(
        { name: "utilities_wait", arguments: { seconds: 3 } },
        { onprogress: () => begun.resolve() },
      );
      await begun.promise;
      const other = await served.client("/mcp");
      const ended = served.end("SIGTERM");
      for (let refused = ""; refused === "";) {
        refused = await other.callTool(TIME).then(
          () => "",
          (error: unknown) => messageOf(error),
        );
        if (refused !== "") expect(refused).toContain("km is about to end");
      }
      expect((await open).structuredContent).toEqual({ waited: 3 });
      expect(await ended).toBe(0);
    },
    TIMEOUT,
  );

  test(
    "calls that take longer than the drain are broken off",
    async () => {
      await using served = await startServe(["utilities"], { flags: ["--drain", "200ms"] });
      const client = await served.client("/mcp");
      const begun = Promise.withResolvers<void>();
      const open = client
        .callTool({ name: "utilities_wait", arguments: { seconds: 200 } }, { onprogress: () => begun.resolve() })
        .catch((error: unknown) => error);
      await begun.promise;
      expect(await served.end("SIGTERM")).toBe(0);
      expect(await open).toBeDefined();
    },
    TIMEOUT,
  );
});
