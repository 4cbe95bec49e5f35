/** Callers of one km with different roles: none sees, calls, ends or agrees to what is another's. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOfKey, newApiKey } from "../../../src/gateway/access/api-keys.ts";
import { type StartedServe, startServe } from "../host/run-serve.ts";
import { call, modernMeta, MODERN, post, session, textOf } from "./raw-http.ts";

const TIMEOUT = 60_000;

async function started(): Promise<StartedServe & { keys: Record<string, string>; root: string }> {
  const roles: Record<string, string> = {
    clock: '{ tools: "utilities_t*", servers: utilities }',
    files: '{ tools: "*", servers: "file*" }',
    other: '{ tools: "*", servers: "prometheus" }',
    split: '{ tools: "filesystem_*", servers: utilities }',
    words: '{ prompts: "*", resources: "*" }',
    audit: "{ methods: audit/read }",
  };
  const keys = Object.fromEntries(Object.keys(roles).map((name) => [name, newApiKey()]));
  const entries = Object.entries(keys).map(
    ([name, key]) => `    - { name: ${name}, sha256: "${hashOfKey(key)}", roles: [${name}] }`,
  );
  const access = `version: 1\nauth:\n  keys:\n${entries.join("\n")}\nroles:\n${Object.entries(roles)
    .map(([name, role]) => `  ${name}: ${role}`)
    .join("\n")}\n`;
  const served = await startServe(["utilities", "filesystem"], {
    access,
    settings: `services: { filesystem: { roots: [${JSON.stringify(join("/tmp"))}] } }\nallow: [write, destructive]\ntoolsets: [all]\n`,
  });
  const root = join(served.folder, "root");
  mkdirSync(root);
  return Object.assign(served, { keys, root });
}

async function namesFor(served: StartedServe, key: string | undefined, path = "/mcp"): Promise<string[]> {
  const headers = { "mcp-protocol-version": MODERN, "mcp-method": "tools/list" };
  const sent = { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: modernMeta() } };
  const { message } = await post(served, sent, { key, headers, path });
  const tools = message.result?.["tools"];
  return Array.isArray(tools) ? tools.map((tool: { name: string }) => tool.name) : [];
}

describe("roles", () => {
  test(
    "are for the list and the call, of tools and of services",
    async () => {
      await using served = await started();
      const { keys } = served;
      expect(await namesFor(served, keys["clock"])).toEqual(["utilities_time"]);
      const files = await namesFor(served, keys["files"]);
      expect(files.length).toBeGreaterThan(5);
      expect(files.every((name) => name.startsWith("filesystem_"))).toBe(true);
      for (const role of ["other", "split", "words", "audit"]) {
        expect([role, await namesFor(served, keys[role])]).toEqual([role, []]);
      }
      const refused = [
        ["clock", "utilities_fetch"],
        ["clock", "filesystem_roots"],
        ["clock", "UTILITIES_TIME"],
        ["files", "utilities_time"],
        ["other", "filesystem_roots"],
        ["split", "filesystem_roots"],
        ["split", "utilities_time"],
        ["words", "utilities_time"],
        ["audit", "utilities_time"],
      ] as const;
      for (const [role, name] of refused) {
        for (const path of [
          "/mcp",
          "/api/aggregate/streamable-http",
          `/api/${name.split("_")[0]?.toLowerCase()}/streamable-http`,
        ]) {
          const { message, status } = await call(served, name, {}, { key: keys[role], path });
          const shown = `${role} ${name} ${path}`;
          expect([shown, status === 200 && message.error === undefined]).toEqual([shown, false]);
        }
      }
      expect((await call(served, "utilities_time", {}, { key: keys["clock"] })).message.error).toBeUndefined();
      expect((await call(served, "filesystem_roots", {}, { key: keys["files"] })).message.error).toBeUndefined();
      expect((await call(served, "utilities_time", {})).status).toBe(401);
    },
    TIMEOUT,
  );
});

describe("what is another's", () => {
  test(
    "session, stream and messages are not there",
    async () => {
      await using served = await started();
      const { clock = "", files = "" } = served.keys;
      const own = await session(served, { key: clock });
      const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
      expect((await post(served, ping, { session: own, key: clock })).status).toBe(200);
      expect((await post(served, ping, { session: own, key: files })).status).toBe(404);
      expect((await post(served, ping, { session: own })).status).toBe(401);
      const of = (key: string, method: string): Promise<Response> =>
        fetch(new URL("/mcp", served.origin), {
          method,
          headers: { authorization: `Bearer ${key}`, "mcp-session-id": own, accept: "text/event-stream" },
        });
      expect((await of(files, "GET")).status).toBe(404);
      expect((await of(files, "DELETE")).status).toBe(404);
      expect((await post(served, ping, { session: own, key: clock })).status).toBe(200);
      const stream = await served.get("/api/utilities/sse", {
        authorization: `Bearer ${clock}`,
        accept: "text/event-stream",
      });
      const reader = stream.body?.getReader();
      const first = new TextDecoder().decode((await reader?.read())?.value);
      const place = /data: (\S+)/.exec(first)?.[1] ?? "";
      expect(place).toContain("/sse/message");
      expect((await post(served, ping, { path: place, key: files })).status).toBe(404);
      expect((await post(served, ping, { path: place })).status).toBe(401);
      expect((await post(served, ping, { path: place, key: clock })).status).toBe(202);
      await reader?.cancel();
    },
    TIMEOUT,
  );

  test(
    "call is not cancelled by who knows its number",
    async () => {
      await using served = await started();
      const { files = "" } = served.keys;
      const slow = newTime(served);
      const [a, b] = [await session(served, { key: files }), await session(served, { key: files })];
      const waiting = post(served, { ...slow, id: 77 }, { session: a, key: files });
      await post(
        served,
        { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 77 } },
        { session: b, key: files },
      );
      expect((await waiting).message.error).toBeUndefined();
    },
    TIMEOUT,
  );

  test(
    "consent is worth nothing, nor is it after what would happen has changed",
    async () => {
      await using served = await started();
      const { files = "", clock = "" } = served.keys;
      const file = join(served.root, "a.txt");
      writeFileSync(file, "one");
      const capabilities = { elicitation: { form: {} } };
      const args = { path: file };
      const ask = async (key: string, more: object = {}) =>
        await call(served, "filesystem_delete", args, { key, capabilities, more });
      const agreed = { confirm: { action: "accept", content: { confirm: true } } };
      const asked = await ask(files);
      const state = asked.message.result?.["requestState"];
      expect(state).toBeString();
      expect((await ask(clock, { requestState: state, inputResponses: agreed })).message.error).toBeDefined();
      const forged = `${String(state).slice(0, -3)}AAA`;
      expect((await ask(files, { requestState: forged, inputResponses: agreed })).message.error).toBeDefined();
      writeFileSync(file, "and more than that"); // its size is in what was shown
      const changed = await ask(files, { requestState: state, inputResponses: agreed });
      expect(textOf(changed)).toBe("What would happen has changed since; look again.");
      expect(await Bun.file(file).text()).toBe("and more than that");
      const again = await ask(files, { requestState: state, inputResponses: agreed });
      expect(textOf(again)).toContain("ask anew");
      const next = (await ask(files)).message.result?.["requestState"];
      expect(
        (await ask(files, { requestState: next, inputResponses: agreed })).message.result?.isError,
      ).toBeUndefined();
      expect(await Bun.file(file).exists()).toBe(false);
    },
    TIMEOUT,
  );
});

function newTime({ folder }: StartedServe): object {
  const params = { name: "filesystem_search_files", arguments: { path: folder, pattern: "**/*" } };
  return { jsonrpc: "2.0", method: "tools/call", params };
}
