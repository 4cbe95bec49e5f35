/** A client, or the model behind it, that sends what no client should: nothing of it harms anybody, and km goes on. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connectServe } from "../serve-client.ts";
import { startServe } from "../host/run-serve.ts";
import { call, post, type RawAnswer, session, textOf } from "./raw-http.ts";

const TIMEOUT = 120_000;
const AUDITED = "audit: { file: calls.ndjson }\nlimits: { requests: 100000/1m }\n";

function deep(count: number): string {
  return `{"x":${'{"a":'.repeat(count)}1${"}".repeat(count)}}`;
}

describe("names of tools", () => {
  test(
    "are those of the list, letter by letter",
    async () => {
      await using served = await startServe(["utilities"]);
      const near = ["__proto__", "constructor", "toString", "hasOwnProperty", "", " utilities_time", "UTILITIES_TIME"];
      const alike = [
        "utilities_t\u0456me",
        "utilities_time\u200b",
        "utilities_time\0",
        "utilities\uff3ftime",
        "utilities_time/",
      ];
      for (const name of [...near, ...alike, "x".repeat(100_000)]) {
        const legacy = await session(served);
        const params = { name, arguments: {} };
        const answer = await post(served, { jsonrpc: "2.0", id: 1, method: "tools/call", params }, { session: legacy });
        expect([name.slice(0, 30), answer.message.error?.code]).toEqual([name.slice(0, 30), -32602]);
        expect(answer.text.length).toBeLessThan(1000);
      }
    },
    TIMEOUT,
  );
});

describe("arguments", () => {
  test(
    "that are deep, large, many or strange are refused in a few words, and the next call is answered",
    async () => {
      await using served = await startServe(["utilities"], { settings: AUDITED });
      const strange = [
        deep(150),
        deep(3000),
        deep(200_000),
        `{"zone":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
        '{"constructor":{"prototype":{"x":1}}}',
        '{"zone":{"toString":1}}',
        '{"zone":null}',
        JSON.stringify({ zone: "A".repeat(5_000_000) }),
        JSON.stringify({ ["A".repeat(1_000_000)]: 1 }),
        JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, index]))),
        '{"zone":"\\u0000\\u001b[2J\\u202e\\ud800"}',
        '{"time":"99999999999999999999999"}',
        '{"time":"-99999999999999h"}',
      ];
      for (const args of strange) {
        const answer = await call(served, "utilities_time", args);
        expect([args.slice(0, 40), answer.status, answer.message.result?.isError]).toEqual([
          args.slice(0, 40),
          200,
          true,
        ]);
        expect(answer.text.length).toBeLessThan(1000);
      }
      const plain = await call(served, "utilities_time", '{"__proto__":{"zone":"Europe/Berlin"},"zone":"UTC"}');
      expect(plain.message.result?.["structuredContent"]).toMatchObject({ zone: "UTC" });
      const lines = readFileSync(join(served.folder, "config", "calls.ndjson"), "utf8")
        .trim()
        .split("\n");
      expect(lines.length).toBe(strange.length + 1); // each is written down
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(20_000);
    },
    TIMEOUT,
  );

  test(
    "are objects, and names texts",
    async () => {
      await using served = await startServe(["utilities"]);
      for (const args of ["null", "[]", '"x"', "1"]) {
        expect((await call(served, "utilities_time", args)).message.error?.code).toBe(-32602);
      }
      const legacy = await session(served);
      for (const params of [{ name: {} }, { name: 1 }, {}, [], "x"]) {
        const sent = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
        const answer = await post(served, sent, { session: legacy });
        expect([answer.message.error?.code, answer.message.result]).toEqual([expect.any(Number), undefined]);
      }
      expect((await call(served, "utilities_time", {})).message.result?.isError).toBeUndefined();
    },
    TIMEOUT,
  );
});

describe("many requests", () => {
  test(
    "that are cancelled while nobody leaves are not waited for",
    async () => {
      await using served = await startServe(["utilities"], { settings: AUDITED });
      const own = await session(served);
      const open = async (): Promise<string | undefined> =>
        /^km_proxy_open_requests (\d+)$/m.exec(await (await served.get("/metrics")).text())?.[1];
      const params = { name: "utilities_wait", arguments: { seconds: 100 } };
      const waiting = post(served, { jsonrpc: "2.0", id: 7, method: "tools/call", params }, { session: own });
      waiting.catch(() => undefined);
      while ((await open()) !== "1") await Bun.sleep(20);
      const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
      expect((await post(served, cancel, { session: own })).status).toBe(202);
      expect(await open()).toBe("0");
    },
    TIMEOUT,
  );

  test(
    "that are cancelled leave a session as it was",
    async () => {
      await using served = await startServe(["utilities"], { settings: AUDITED });
      const own = await session(served);
      const one = async (id: number): Promise<void> => {
        const end = new AbortController();
        const params = { name: "utilities_wait", arguments: { seconds: 100 } };
        const waiting = post(
          served,
          { jsonrpc: "2.0", id, method: "tools/call", params },
          { session: own, signal: end.signal },
        );
        const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } };
        expect((await post(served, cancel, { session: own })).status).toBe(202);
        end.abort();
        await waiting.catch(() => undefined);
      };
      for (let id = 100; id < 1300; id += 10) {
        await Promise.all(Array.from({ length: 10 }, async (_, index) => await one(id + index)));
      }
      const sent = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "utilities_time" } };
      const answer = await post(served, sent, { session: own });
      expect([answer.status, answer.message.error]).toEqual([200, undefined]);
      expect(textOf(answer)).toContain("UTC");
    },
    TIMEOUT,
  );

  test.each(["modern", "legacy"] as const)(
    "at the same time are all answered, in stdio (%s)",
    async (era) => {
      await using served = await connectServe(["utilities"], { era });
      const answers = await Promise.all(Array.from({ length: 1000 }, async () => await served.call("utilities_time")));
      const isFull = answers.filter(({ isError }) => isError);
      expect(isFull.every(({ text }) => text.startsWith("Too many calls wait for you already"))).toBe(true);
      expect(answers.length - isFull.length).toBeGreaterThanOrEqual(80); // 16 at a time, and four times as many wait
      expect((await served.call("utilities_time")).isError).toBe(false);
    },
    TIMEOUT,
  );

  test(
    "beyond the limit for all are refused, and the limit can be set",
    async () => {
      await using served = await startServe(["utilities"], { settings: "limits: { requests: 5/1h }\n" });
      const answers: RawAnswer[] = [];
      for (let count = 0; count < 7; count++) answers.push(await call(served, "utilities_time", {}));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    },
    TIMEOUT,
  );
});

test(
  "what is no message does not end a client's connection",
  async () => {
    await using served = await connectServe(["utilities"]);
    const { transport } = served.client;
    const strange: unknown[] = [
      [],
      {},
      { jsonrpc: "2.0", id: null, method: "tools/list" },
      { jsonrpc: "1.0", id: 1 },
      5,
      "x",
    ];
    for (const message of strange) await transport?.send(message as never).catch(() => undefined);
    const cancel = { jsonrpc: "2.0" as const, method: "notifications/cancelled", params: { requestId: "__proto__" } };
    await transport?.send(cancel);
    expect((await served.call("utilities_time")).isError).toBe(false);
  },
  TIMEOUT,
);
