/** A person is asked by a client that speaks HTTP, in both eras. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, test } from "bun:test";
import { startGateway } from "../../../src/gateway/gateway.ts";
import { OWNER } from "../../../src/services/caller.ts";
import { hostEndpoints } from "../../../src/services/host/host-endpoints.ts";
import { openHost } from "./host-fixture.ts";

const TIMEOUT = 30_000;

test.each(["modern", "legacy"] as const)(
  "a client over HTTP asks a person (%s)",
  async (era) => {
    await using opened = openHost("allow: [destructive]\n");
    const { host, things } = opened;
    const gateway = startGateway({
      listen: { hostname: "127.0.0.1", port: 0 },
      endpoints: hostEndpoints({ host, callerOf: () => OWNER, hasRootSse: false, failed: () => undefined }),
      allowed: { hosts: [], origins: [] },
      mostBytes: 1 << 20,
      limits: { most: 10, idleMs: 60_000 },
      mayBegin: () => undefined,
      checks: [],
      messageChecks: [],
      failed: () => undefined,
    });
    const mode = era === "modern" ? { pin: "2026-07-28" } : ("legacy" as const);
    const client = new Client(
      { name: "test", version: "1" },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } },
    );
    const asked: string[] = [];
    let isAgreed = false;
    client.setRequestHandler("elicitation/create", ({ params: { message } }) => {
      asked.push(message);
      return isAgreed ? { action: "accept", content: { confirm: true } } : { action: "decline" };
    });
    try {
      await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url)));
      const destroy = { name: "things_destroy", arguments: { name: "lamp" } };
      expect((await client.callTool(destroy)).isError).toBe(true);
      expect(things.done).toEqual([]);
      isAgreed = true;
      expect((await client.callTool(destroy)).structuredContent).toEqual({ destroyed: "lamp" });
      expect([things.done, asked.length]).toEqual([["destroy lamp"], 2]);
    } finally {
      await client.close();
      await gateway.stop(0);
    }
  },
  TIMEOUT,
);
